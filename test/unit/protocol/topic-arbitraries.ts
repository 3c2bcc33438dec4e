import * as fc from 'fast-check';

/** Few names, so that generated topics and filters often meet; the empty level and one that begins with $ are among them. */
const names = ['a', 'b', '', '$x'];

function joined(levels: fc.Arbitrary<string[]>): fc.Arbitrary<string> {
  return levels.map((parts) => parts.join('/')).filter((text) => text.length > 0);
}

export function topicNames(maxLevels = 4): fc.Arbitrary<string> {
  return joined(fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: maxLevels }));
}

export function topicFilters(maxLevels = 4): fc.Arbitrary<string> {
  const level = fc.constantFrom(...names, '+', '+');
  const levels = fc.array(level, { minLength: 1, maxLength: maxLevels });
  const open = levels.map((parts) => [...parts.slice(1), '#']);
  return joined(fc.oneof({ arbitrary: levels, weight: 2 }, { arbitrary: open, weight: 1 }));
}

/**
 * Every topic of up to `maxLevels` levels, one name among them that no generated filter holds. The empty topic is one of them,
 * although no message has it: `/#` and `+` share nothing else, and that they overlap costs an identifier and nothing more.
 */
export function allTopicNames(maxLevels: number): string[] {
  const topics: string[] = [];
  let longest: string[][] = [[]];
  for (let i = 0; i < maxLevels; i++) {
    longest = longest.flatMap((parts) => [...names, 'z'].map((name) => [...parts, name]));
    topics.push(...longest.map((parts) => parts.join('/')));
  }
  return topics;
}

/** Section 4.7 as a regular expression: slow, and nothing like the code under test. */
export function naiveMatcher(filter: string): (topic: string) => boolean {
  const source = filter.replaceAll('$', '\\$').replaceAll('+', '[^/]*').replace(/^#$/, '.*').replace(/\/#$/, '(/.*)?');
  const pattern = new RegExp(`^${source}$`, 's');
  const leadingWildcard = filter.startsWith('+') || filter.startsWith('#');
  return (topic) => pattern.test(topic) && !(leadingWildcard && topic.startsWith('$'));
}
