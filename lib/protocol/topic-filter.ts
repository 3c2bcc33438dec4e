import { InvalidTopicError } from '../errors/invalid-topic.error.js';
import { utf8StringProblem } from './utf8-string.js';
import { matchesFrom } from './level-matching.js';

export const SINGLE_LEVEL_WILDCARD = '+';
export const MULTI_LEVEL_WILDCARD = '#';
const SHARE_PREFIX = '$share/';

/**
 * A validated Topic Filter (section 4.7), separated from the ShareName of a Shared Subscription (section 4.8.2).
 */
export class TopicFilter {
  private constructor(
    /** The filter in the SUBSCRIBE packet, including `$share/<group>/`. */
    readonly text: string,
    /** ShareName of a Shared Subscription. */
    readonly group: string | undefined,
    /** The filter that Topic Names are matched against. */
    readonly filter: string,
  ) {}

  /** @throws InvalidTopicError when `text` is not a valid Topic Filter */
  static parse(text: string): TopicFilter {
    const problem = topicFilterProblem(text);
    if (problem) throw new InvalidTopicError(text, problem);
    const { group, filter } = splitShare(text);
    return new TopicFilter(text, group, filter);
  }

  /** The same filter in a group, or outside of any group. */
  inGroup(group: string | undefined): TopicFilter {
    if (group === this.group) return this;
    return TopicFilter.parse(group === undefined ? this.filter : `${SHARE_PREFIX}${group}/${this.filter}`);
  }

  /** The levels of `filter`. Not cached: they are needed only when a server starts, and for 5,000 filters they take a megabyte. */
  get levels(): readonly string[] {
    return this.filter.split('/');
  }

  get hasWildcard(): boolean {
    return this.filter.includes(SINGLE_LEVEL_WILDCARD) || this.filter.includes(MULTI_LEVEL_WILDCARD);
  }

  /** Whether `topic`, a valid Topic Name, matches this filter. */
  matches(topic: string): boolean {
    // [MQTT-4.7.2-1]: a leading wildcard does not match topics that begin with $
    if (topic.startsWith('$') && beginsWithWildcard(this)) return false;
    return matchesFrom(this.filter, topic, 0);
  }

  /**
   * Whether this filter matches every topic that `other` matches. Groups are ignored.
   *
   * A leading wildcard never covers a filter that begins with $ [MQTT-4.7.2-1].
   */
  covers(other: TopicFilter): boolean {
    if (dollarAgainstWildcard(other, this)) return false;
    const { levels } = this;
    const others = other.levels;
    for (let i = 0; i < levels.length; i++) {
      const mine = levels[i]!;
      if (mine === MULTI_LEVEL_WILDCARD) return true;
      const theirs = others[i];
      if (theirs === undefined || theirs === MULTI_LEVEL_WILDCARD) return false;
      if (mine !== SINGLE_LEVEL_WILDCARD && mine !== theirs) return false;
    }
    return levels.length === others.length;
  }

  /** Whether some topic matches both this filter and `other`. Groups are ignored. */
  overlaps(other: TopicFilter): boolean {
    if (dollarAgainstWildcard(this, other) || dollarAgainstWildcard(other, this)) return false;
    return levelsOverlap(this.levels, other.levels);
  }
}

/** Whether the levels of two filters can match the same topic; the rule for `$` is not applied. */
export function levelsOverlap(some: readonly string[], others: readonly string[]): boolean {
  const shared = Math.min(some.length, others.length);
  for (let i = 0; i < shared; i++) {
    const one = some[i]!;
    const other = others[i]!;
    if (one === MULTI_LEVEL_WILDCARD || other === MULTI_LEVEL_WILDCARD) return true;
    if (one !== other && one !== SINGLE_LEVEL_WILDCARD && other !== SINGLE_LEVEL_WILDCARD) return false;
  }
  const longer = some.length > shared ? some : others;
  return longer.length === shared || (longer.length === shared + 1 && longer[shared] === MULTI_LEVEL_WILDCARD);
}

/** Why `text` is not a valid Topic Filter (sections 4.7.1, 4.7.3, 4.8.2); undefined when it is valid. */
export function topicFilterProblem(text: string): string | undefined {
  if (text.length === 0) return 'it is empty: a Topic Filter has at least one character';
  const problem = utf8StringProblem(text);
  if (problem) return problem;
  if (text !== '$share' && !text.startsWith(SHARE_PREFIX)) return wildcardProblem(text);
  const { group, filter } = splitShare(text);
  const problemOfGroup = shareNameProblem(group ?? '');
  if (problemOfGroup) return problemOfGroup;
  if (filter.length === 0) return 'a Shared Subscription needs a filter after its group: $share/<group>/<filter>';
  return wildcardProblem(filter);
}

/** Why `group` is not a valid ShareName [MQTT-4.8.2-1, MQTT-4.8.2-2]; undefined when it is valid. */
export function shareNameProblem(group: string): string | undefined {
  if (group.length === 0) return 'a Shared Subscription needs a group: $share/<group>/<filter>';
  if (group.includes('/') || group.includes('+') || group.includes('#'))
    return 'the group of a Shared Subscription must not contain /, + or #';
  return utf8StringProblem(group);
}

function wildcardProblem(filter: string): string | undefined {
  const hash = filter.indexOf(MULTI_LEVEL_WILDCARD);
  if (hash >= 0 && (hash < filter.length - 1 || !fillsLevel(filter, hash))) return '# must be the whole last level'; // [MQTT-4.7.1-1]
  for (
    let plus = filter.indexOf(SINGLE_LEVEL_WILDCARD);
    plus >= 0;
    plus = filter.indexOf(SINGLE_LEVEL_WILDCARD, plus + 1)
  )
    if (!fillsLevel(filter, plus)) return '+ must be a whole level'; // [MQTT-4.7.1-2]
  return undefined;
}

/** Whether the character at `at` is a whole level. */
function fillsLevel(filter: string, at: number): boolean {
  return (at === 0 || filter[at - 1] === '/') && (at === filter.length - 1 || filter[at + 1] === '/');
}

/** Whether the filter is a Shared Subscription: `$share/<group>/<filter>`. */
export function isShared(filter: string): boolean {
  return filter.startsWith(SHARE_PREFIX);
}

/** Separates `$share/<group>/` from a filter. Does not validate. */
export function splitShare(text: string): { group: string | undefined; filter: string } {
  if (!isShared(text)) return { group: undefined, filter: text };
  const end = text.indexOf('/', SHARE_PREFIX.length);
  if (end < 0) return { group: text.slice(SHARE_PREFIX.length), filter: '' };
  return { group: text.slice(SHARE_PREFIX.length, end), filter: text.slice(end + 1) };
}

/** A wildcard is a whole level, so the first character is enough. */
function beginsWithWildcard({ filter }: TopicFilter): boolean {
  return filter.startsWith(SINGLE_LEVEL_WILDCARD) || filter.startsWith(MULTI_LEVEL_WILDCARD);
}

function dollarAgainstWildcard(dollar: TopicFilter, wildcard: TopicFilter): boolean {
  return dollar.filter.startsWith('$') && beginsWithWildcard(wildcard);
}
