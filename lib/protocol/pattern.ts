import { InvalidTopicError } from '../errors/invalid-topic.error.js';

/**
 * The topic of a pattern, normalised as in Nest.
 *
 * @param normalize Nest's function, which accepts strings, numbers and objects of them
 * @param where the place of the pattern, appended to the message
 * @throws InvalidTopicError for anything else
 */
export function topicOfPattern<P>(pattern: P, normalize: (pattern: P) => unknown, where = ''): string {
  let topic: unknown;
  try {
    topic = normalize(pattern);
  } catch {
    // an object with a value that cannot be converted to a string, such as a symbol
  }
  if (typeof topic === 'string') return topic;
  throw new InvalidTopicError(
    String(pattern),
    `a pattern is a string, or an object such as { cmd: 'sum' }, not ${kindOf(pattern)}${where}`,
  );
}

function kindOf(pattern: unknown): string {
  if (pattern === undefined || pattern === null) return String(pattern);
  return typeof pattern === 'object' ? 'an object with values other than strings and numbers' : `a ${typeof pattern}`;
}
