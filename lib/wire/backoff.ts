import type { ResolvedReconnectOptions } from '../options/reconnect-options.js';

/**
 * Milliseconds to wait before the next attempt: grows exponentially up to its bound, and is drawn at random below it
 * ("full jitter") so that clients which lost their broker together do not come back together.
 *
 * @param failures attempts that have failed in a row, 1 or more
 * @param random number from 0 (included) to 1 (excluded)
 */
export function backoffDelay(
  options: ResolvedReconnectOptions,
  failures: number,
  random: () => number = Math.random,
): number {
  const grown = options.initialDelay * options.factor ** (failures - 1) || 0; // 0 times Infinity is no number
  const bound = Math.min(options.maxDelay, grown);
  return Math.round(options.jitter ? bound * random() : bound);
}
