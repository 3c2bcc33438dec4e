/** How waits grow from failure to failure. */
export interface Backoff {
  /** Milliseconds of the first wait, before chance has its part. */
  readonly initialDelay: number;
  /** What the wait is multiplied with after each further failure. */
  readonly factor: number;
  /** Bound of the growing wait, in milliseconds. */
  readonly maxDelay: number;
  /** Share of each wait that is drawn at random, from 0 to 1; true for all of it ("full jitter"), false for none. */
  readonly jitter: boolean | number;
}

/**
 * Milliseconds to wait before the next attempt: grows exponentially up to its bound. What is drawn at random keeps those who failed
 * together, because they lost the same broker or database, from trying again together.
 *
 * @param failures attempts that have failed in a row, 1 or more
 * @param random number from 0 (included) to 1 (excluded)
 */
export function backoffDelay(
  { initialDelay, factor, maxDelay, jitter }: Backoff,
  failures: number,
  random: () => number = Math.random,
): number {
  const bound = Math.min(maxDelay, initialDelay * factor ** (failures - 1) || 0); // 0 times Infinity is no number
  const share = Number(jitter);
  return Math.round(bound * (1 - share + share * random()));
}
