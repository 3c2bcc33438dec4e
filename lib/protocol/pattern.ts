import { InvalidTopicError } from '../errors/invalid-topic.error.js';

/** What a pattern is, for errors about one that is none. */
export const PATTERN = "a pattern is a string, or an object such as { cmd: 'sum' }";

/** The same of a topic to publish to. */
export const TOPIC = 'a topic is a string such as "devices/7/state"';

/**
 * The topic of a pattern, normalised as in Nest.
 *
 * @param normalize Nest's function, which accepts strings, numbers and objects of them, and some that are hardly meant
 * @param where the place of the pattern, appended to the message
 * @param wanted what a pattern is there
 * @throws InvalidTopicError for anything else
 */
export function topicOfPattern<P>(
  pattern: P,
  normalize: (pattern: P) => unknown,
  where = '',
  wanted = PATTERN,
): string {
  let topic: unknown;
  try {
    topic = normalize(pattern);
  } catch {
    // an object with a value that cannot be converted to a string, such as a symbol
  }
  if (typeof topic === 'string' && (typeof pattern === 'string' || isMeant(pattern))) return topic;
  throw new InvalidTopicError(shown(pattern, topic), `${wanted}, not ${kindOf(pattern)}${where}`);
}

/** @throws InvalidTopicError when `filter` is not a text */
export function assertFilterText(filter: unknown): asserts filter is string {
  if (typeof filter === 'string') return;
  const kind = typeof filter === 'object' && filter !== null ? 'an object' : kindOf(filter);
  throw new InvalidTopicError(shown(filter), `a Topic Filter is a string such as "devices/+/state", not ${kind}`);
}

/** Whether a pattern other than a string identifies something: NaN, an array or an object without values does not. */
function isMeant(pattern: unknown): boolean {
  if (typeof pattern !== 'object' || pattern === null) return Number.isFinite(pattern);
  const values = Object.values(pattern);
  return values.length > 0 && !Array.isArray(pattern) && !values.some((value) => value === undefined || value === null);
}

function shown(pattern: unknown, topic?: unknown): string {
  if (typeof topic === 'string') return topic;
  return Array.isArray(pattern) ? 'Array' : String(pattern);
}

function kindOf(pattern: unknown): string {
  if (pattern === undefined || pattern === null || typeof pattern === 'number') return String(pattern);
  if (Array.isArray(pattern)) return 'an array';
  if (typeof pattern !== 'object') return `a ${typeof pattern}`;
  return Object.keys(pattern).length === 0
    ? 'an object without values'
    : 'an object with values other than strings and numbers';
}
