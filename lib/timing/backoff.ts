/** Exponential backoff. */
export interface Backoff {
  /** Delay after the first failure, in milliseconds, before jitter. */
  readonly initialDelay: number;
  /** Factor by which the delay grows after each further failure. */
  readonly factor: number;
  /** Maximum delay, in milliseconds. */
  readonly maxDelay: number;
  /** Random share of each delay, from 0 to 1; true for all of it ("full jitter"), false for none. */
  readonly jitter: boolean | number;
}

/**
 * Milliseconds to wait before the next attempt: grows exponentially up to the maximum. Jitter spreads the attempts of clients that
 * failed at the same moment, because they lost the same broker or database.
 *
 * @param failures number of consecutive failures, 1 or more
 * @param random number from 0 (included) to 1 (excluded)
 */
export function backoffDelay(
  { initialDelay, factor, maxDelay, jitter }: Backoff,
  failures: number,
  random: () => number = Math.random,
): number {
  const bound = Math.min(maxDelay, initialDelay * factor ** (failures - 1) || 0); // 0 * Infinity is NaN
  const share = Number(jitter);
  return Math.round(bound * (1 - share + share * random()));
}
