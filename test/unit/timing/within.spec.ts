import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { within } from '../../../lib/timing/within.js';

const NEVER = new Promise<void>(() => {});

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('within', () => {
  it.each([20, 2 ** 33])('waits for a promise, but not longer than %i ms', async (ms) => {
    const over = jest.fn();
    void within(ms, NEVER).then(over);
    await jest.advanceTimersByTimeAsync(ms - 1);
    expect(over).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    expect(over).toHaveBeenCalledTimes(1);
  });

  it.each([20, 2 ** 33, Infinity])('is over with the promise, and leaves no timer of %d ms behind', async (ms) => {
    await within(ms, Promise.resolve());
    expect(jest.getTimerCount()).toBe(0);
  });

  it('does not wait where the time is over already', async () => {
    const over = jest.fn();
    void within(-5, NEVER).then(over);
    await jest.advanceTimersByTimeAsync(1);
    expect(over).toHaveBeenCalledTimes(1);
  });
});
