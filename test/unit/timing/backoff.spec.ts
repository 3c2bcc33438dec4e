import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { DEFAULT_RECONNECT, type ResolvedReconnectOptions } from '../../../lib/options/reconnect-options.js';
import { DEFAULT_RETRY } from '../../../lib/options/subscription-options.js';
import { backoffDelay } from '../../../lib/timing/backoff.js';

const options = fc.record<ResolvedReconnectOptions>({
  initialDelay: fc.nat(10_000),
  maxDelay: fc.nat(120_000),
  factor: fc.double({ min: 1, max: 10, noNaN: true }),
  jitter: fc.boolean(),
  maxAttempts: fc.constant(Infinity),
});
const below1 = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('backoffDelay', () => {
  it.each([
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [6, 32_000],
    [7, 60_000],
    [1_000, 60_000],
    [100_000, 60_000], // factor ** failures is Infinity by then
  ])('after %i failures is at most %i ms by default', (failures, expected) => {
    expect(backoffDelay({ ...DEFAULT_RECONNECT, jitter: false }, failures)).toBe(expected);
    expect(backoffDelay(DEFAULT_RECONNECT, failures, () => 0.5)).toBe(expected / 2);
  });

  it('is a whole number of milliseconds from 0 to its bound, and never falls from failure to failure but by chance', () => {
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 5_000 }), below1, (given, failures, random) => {
        const delay = backoffDelay(given, failures, () => random);
        expect(Number.isInteger(delay) && delay >= 0 && delay <= given.maxDelay).toBe(true);
        expect(backoffDelay(given, failures + 1, () => random)).toBeGreaterThanOrEqual(delay);
      }),
    );
  });

  it('is drawn from the whole range below its bound ("full jitter"), and by nothing that is given', () => {
    const delays = Array.from({ length: 1_000 }, () => backoffDelay(DEFAULT_RECONNECT, 1));
    expect(Math.min(...delays)).toBeLessThan(500);
    expect(Math.max(...delays)).toBeGreaterThan(500);
    expect(new Set(delays).size).toBeGreaterThan(100);
  });
});

/** Half of it is drawn at random. */
function retryDelay({ delay, factor, maxDelay }: Omit<typeof DEFAULT_RETRY, 'permanent'>, attempt: number): number {
  return backoffDelay({ initialDelay: delay, factor, maxDelay, jitter: 0.5 }, attempt);
}

describe('backoffDelay between the runs of a handler', () => {
  it.each([
    [1, 1_000],
    [2, 2_000],
    [5, 16_000],
    [6, 30_000],
    [5_000, 30_000],
  ])('after run %i is from the upper half of %i ms by default', (attempt, bound) => {
    const delays = Array.from({ length: 200 }, () => retryDelay(DEFAULT_RETRY, attempt));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(bound / 2);
    expect(Math.max(...delays)).toBeLessThanOrEqual(bound);
    expect(new Set(delays).size).toBeGreaterThan(10);
  });

  it('is a whole number of milliseconds within its bound, whatever the options are', () => {
    const retries = fc.record({
      attempts: fc.constant(9),
      delay: fc.nat(10_000),
      factor: fc.double({ min: 1, max: 100, noNaN: true }),
      maxDelay: fc.nat(100_000),
    });
    fc.assert(
      fc.property(retries, fc.integer({ min: 1, max: 5_000 }), (retry, attempt) => {
        const delay = retryDelay(retry, attempt);
        expect(Number.isInteger(delay) && delay >= 0 && delay <= retry.maxDelay).toBe(true);
      }),
    );
  });
});
