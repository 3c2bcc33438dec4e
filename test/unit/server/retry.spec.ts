import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { DEFAULT_RETRY } from '../../../lib/options/subscription-options.js';
import { retryDelay } from '../../../lib/server/retry.js';

describe('retryDelay', () => {
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
    const options = fc.record({
      attempts: fc.constant(9),
      delay: fc.nat(10_000),
      factor: fc.double({ min: 1, max: 100, noNaN: true }),
      maxDelay: fc.nat(100_000),
    });
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 5_000 }), (retry, attempt) => {
        const delay = retryDelay(retry, attempt);
        expect(Number.isInteger(delay) && delay >= 0 && delay <= retry.maxDelay).toBe(true);
      }),
    );
  });
});
