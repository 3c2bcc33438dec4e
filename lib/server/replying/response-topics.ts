import type { TopicFilter } from '../../protocol/topic-filter.js';
import { TopicFilterTree } from '../../routing/topic-filter-tree.js';
import { topicNameProblem } from '../../protocol/topic-name.js';

/** Maximum number of cached results for each handler: requests of one caller have the same Response Topic. */
const REMEMBERED = 1_000;

/**
 * Checks Response Topics. They are untrusted input: a client could make the server publish to a topic that the client itself must not
 * publish to.
 */
export class ResponseTopics {
  /** Cached problems; an empty string if there is none. */
  private checked: Map<string, string> | undefined;

  /**
   * @param own filter of the handler: a reply that matches it would be handled as another request
   * @param allowed filters of which one must match; undefined to allow any topic
   */
  constructor(
    private readonly own: TopicFilter,
    private readonly allowed: TopicFilterTree<unknown> | undefined,
  ) {}

  /** Why replies to `topic` are not allowed; undefined if they are. */
  problem(topic: string): string | undefined {
    const checked = (this.checked ??= new Map<string, string>());
    const known = checked.get(topic);
    if (known !== undefined) return known || undefined;
    const problem = this.check(topic);
    if (checked.size >= REMEMBERED) checked.clear();
    checked.set(topic, problem ?? '');
    return problem;
  }

  private check(topic: string): string | undefined {
    const problem = topicNameProblem(topic);
    if (problem) return problem;
    if (topic.startsWith('$')) return 'it begins with $, which is reserved for the broker';
    if (this.own.matches(topic))
      return "it matches the handler's own filter, so that the reply would be handled as a request";
    if (this.allowed && this.allowed.match(topic).length === 0) return 'it matches none of allowedResponseTopics';
    return undefined;
  }
}
