import { MULTI_LEVEL_WILDCARD, SINGLE_LEVEL_WILDCARD, type TopicFilter } from '../protocol/topic-filter.js';

/**
 * Sorts filters from the most to the least specific: at the first level in which two filters differ, a name precedes `+`, `+` precedes
 * `#`, and the end of a filter precedes `#`.
 */
export function compareSpecificity({ levels: a }: TopicFilter, { levels: b }: TopicFilter): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = rank(a[i]) - rank(b[i]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function rank(level: string | undefined): number {
  if (level === MULTI_LEVEL_WILDCARD) return 3;
  if (level === SINGLE_LEVEL_WILDCARD) return 2;
  return level === undefined ? 1 : 0;
}
