import { InvalidTopicError } from '../errors/invalid-topic.error.js';

/**
 * The topic of a pattern, normalised the way Nest does.
 *
 * @param normalize Nest's way, which takes strings, numbers and objects of them
 * @throws InvalidTopicError for anything else
 */
export function topicOfPattern<P>(pattern: P, normalize: (pattern: P) => unknown): string {
  let topic: unknown;
  try {
    topic = normalize(pattern);
  } catch {
    // an object that holds what has no text, such as a symbol
  }
  if (typeof topic === 'string') return topic;
  throw new InvalidTopicError(
    String(pattern),
    `a pattern is a string, or an object such as { cmd: 'sum' }, and not ${kindOf(pattern)}`,
  );
}

function kindOf(pattern: unknown): string {
  if (pattern === undefined || pattern === null) return String(pattern);
  return typeof pattern === 'object'
    ? 'an object that holds other things than texts and numbers'
    : `a ${typeof pattern}`;
}
