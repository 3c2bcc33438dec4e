import type { RetryOptions } from '../options/subscription-options.js';

/** Milliseconds to wait before run `attempt + 1`: grows exponentially up to its bound, and is drawn at random from its upper half. */
export function retryDelay({ delay, factor, maxDelay }: Readonly<Required<RetryOptions>>, attempt: number): number {
  const bound = Math.min(maxDelay, delay * factor ** (attempt - 1) || 0); // 0 times Infinity is no number
  return Math.round(bound * (0.5 + Math.random() / 2));
}
