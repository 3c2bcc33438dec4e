const SLASH = 0x2f;
const PLUS = 0x2b;
const HASH = 0x23;

/** The index at which the level of `topic` that begins at `start` ends. */
export function endOfLevel(topic: string, start: number): number {
  const end = topic.indexOf('/', start);
  return end < 0 ? topic.length : end;
}

/**
 * Whether the levels of `topic` from `start` on match the levels of a filter. Does not split them, which would allocate arrays.
 *
 * @param start index at which a level begins; beyond the end of `topic` when no level is left
 */
export function matchesFrom(filter: string, topic: string, start: number): boolean {
  let at = start;
  for (let i = 0; i < filter.length; i++) {
    const character = filter.charCodeAt(i);
    if (character === HASH) return true;
    if (at > topic.length) return false;
    if (character === PLUS) at = endOfLevel(topic, at);
    else if (at < topic.length && topic.charCodeAt(at) === character) at++;
    // # matches its parent level too: "sport/#" matches "sport"
    else return character === SLASH && at === topic.length && filter.charCodeAt(i + 1) === HASH;
  }
  return at === topic.length;
}
