import type { TopicFilter } from '../../protocol/topic-filter.js';
import { TopicFilterTree } from '../../routing/topic-filter-tree.js';
import { topicNameProblem } from '../../protocol/topic-name.js';

/** Response Topics whose check is remembered, for each handler: a caller's inbox does not change from request to request. */
const REMEMBERED = 1_000;

/**
 * Tells which Response Topics a handler may answer on. They are untrusted input: whoever sends a request chooses where a server
 * with more rights than he has publishes to.
 */
export class ResponseTopics {
  /** What forbids each of them; empty where nothing does. */
  private checked: Map<string, string> | undefined;

  /**
   * @param own filter of the handler: a reply that matches it would be handled as the next request
   * @param allowed filters of which one has to match; undefined for any topic
   */
  constructor(
    private readonly own: TopicFilter,
    private readonly allowed: TopicFilterTree<unknown> | undefined,
  ) {}

  /** What forbids `topic`; undefined when nothing does. */
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
    if (topic.startsWith('$')) return 'it begins with $, which belongs to the broker';
    if (this.own.matches(topic))
      return "it matches the handler's own filter, so that the reply would be handled as a request";
    if (this.allowed && this.allowed.match(topic).length === 0) return 'it matches none of allowedResponseTopics';
    return undefined;
  }
}
