import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { afterSeconds } from '../../../lib/testing/timers.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('afterSeconds', () => {
  it.each([1, 60 * 60 * 24 * 100])('acts after %i s, not before', (seconds) => {
    const action = jest.fn();
    afterSeconds(seconds, action);
    jest.advanceTimersByTime(seconds * 1000 - 1);
    expect(action).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(action).toHaveBeenCalledTimes(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('can be cancelled, also in its second stretch', () => {
    const action = jest.fn();
    const cancel = afterSeconds(60 * 60 * 24 * 40, action);
    jest.advanceTimersByTime(1000 * 60 * 60 * 24 * 30);
    cancel();
    expect(jest.getTimerCount()).toBe(0);
  });
});
