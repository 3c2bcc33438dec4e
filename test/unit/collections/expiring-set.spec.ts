import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ExpiringSet } from '../../../lib/collections/expiring-set.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('ExpiringSet', () => {
  it('has a value for its time, from when it was added last', () => {
    const set = new ExpiringSet<string>(1_000, 10);
    set.add('a');
    jest.advanceTimersByTime(999);
    expect(set.has('a')).toBe(true);
    set.add('a');
    jest.advanceTimersByTime(999);
    expect(set.has('a')).toBe(true);
    jest.advanceTimersByTime(1);
    expect(set.has('a')).toBe(false);
    expect(set.size).toBe(0);
  });

  it('has nothing that was not added, or was taken out', () => {
    const set = new ExpiringSet<string>(1_000, 10);
    set.add('a');
    set.delete('a');
    expect([set.has('a'), set.has('b'), set.size]).toEqual([false, false, 0]);
  });

  it('never holds more than it may', () => {
    const set = new ExpiringSet<number>(1_000, 3);
    for (let i = 0; i < 10; i++) {
      set.add(i);
      expect(set.size).toBeLessThanOrEqual(3);
      expect(set.has(i)).toBe(true);
    }
  });
});
