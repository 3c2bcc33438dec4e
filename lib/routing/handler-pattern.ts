import { topicOfPattern } from '../protocol/pattern.js';

/**
 * The topic of a handler's pattern, normalised as in Nest.
 *
 * @param place class and method, see `placeOf()`
 * @throws InvalidTopicError when the pattern is neither text nor an object of texts and numbers
 */
export function topicOfHandler<P>(pattern: P, normalize: (pattern: P) => unknown, place: string): string {
  const hint = pattern === undefined ? UNDEFINED : '';
  return topicOfPattern(pattern, normalize, `${place}${hint}`);
}

/** The usual cause: a decorator is called while its module is loaded. */
const UNDEFINED =
  '. A constant is undefined while modules import each other in a circle: move it to a file that imports neither';
