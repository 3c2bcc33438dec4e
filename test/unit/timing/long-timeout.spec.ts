import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MAX_TIMER_MS, setLongTimeout } from '../../../lib/timing/long-timeout.js';

const DAY_MS = 24 * 60 * 60 * 1_000;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('setLongTimeout', () => {
  it.each([
    ['1 ms', 1],
    ['30 s', 30_000],
    ['the longest that a timer takes', MAX_TIMER_MS],
    ['1 ms more than that', MAX_TIMER_MS + 1],
    ['100 days', 100 * DAY_MS],
  ])('fires after %s, once and not before', (_, ms) => {
    const callback = jest.fn();
    setLongTimeout(callback, ms);
    jest.advanceTimersByTime(ms - 1);
    expect(callback).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(callback).toHaveBeenCalledTimes(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('waits for the longest duration that an option takes', () => {
    const callback = jest.fn();
    setLongTimeout(callback, Number.MAX_SAFE_INTEGER);
    jest.advanceTimersByTime(1_000 * DAY_MS);
    expect(callback).not.toHaveBeenCalled();
    expect(jest.getTimerCount()).toBe(1);
  });

  it('never fires after Infinity, and sets no timer', () => {
    const timeout = setLongTimeout(jest.fn(), Infinity);
    expect(jest.getTimerCount()).toBe(0);
    expect(() => timeout.unref().clear()).not.toThrow();
  });

  it.each([0, -5])('fires at once after %i ms', (ms) => {
    const callback = jest.fn();
    setLongTimeout(callback, ms);
    expect(callback).not.toHaveBeenCalled(); // never within the call
    jest.advanceTimersByTime(1);
    expect(callback).toHaveBeenCalledTimes(1);
  });

  it('hands the argument over', () => {
    const callback = jest.fn<(argument: object) => void>();
    const [short, long] = [{}, {}];
    setLongTimeout(callback, 1, short);
    setLongTimeout(callback, 2 * MAX_TIMER_MS, long);
    jest.advanceTimersByTime(2 * MAX_TIMER_MS);
    expect(callback.mock.calls.map(([argument]) => argument)).toEqual([short, long]);
    expect(callback.mock.calls[1]![0]).toBe(long);
  });

  it('sets one timer for a short duration, and one function serves all of them', () => {
    const set = jest.spyOn(globalThis, 'setTimeout');
    const timeouts = [setLongTimeout(jest.fn(), 5), setLongTimeout(jest.fn(), 5)];
    expect(set).toHaveBeenCalledTimes(2);
    expect(set.mock.calls[0]![0]).toBe(set.mock.calls[1]![0]);
    for (const timeout of timeouts) timeout.clear();
  });

  it.each([
    ['in its first step', 0],
    ['in a later step', 60 * DAY_MS],
  ])('can be taken back %s', (_, after) => {
    const callback = jest.fn();
    const timeout = setLongTimeout(callback, 100 * DAY_MS);
    jest.advanceTimersByTime(after);
    timeout.clear();
    expect(jest.getTimerCount()).toBe(0);
    jest.advanceTimersByTime(100 * DAY_MS);
    expect(callback).not.toHaveBeenCalled();
  });

  it('can be taken back after it has fired', () => {
    const callback = jest.fn();
    const timeout = setLongTimeout(callback, 5);
    jest.advanceTimersByTime(5);
    timeout.clear();
    expect(callback).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['lets the process end', true],
    ['keeps the process alive', false],
  ])('%s through all of its steps', (_, unreferenced) => {
    const timeout = setLongTimeout(jest.fn(), 100 * DAY_MS);
    if (unreferenced) timeout.unref();
    for (let day = 0; day < 100; day += 10) {
      expect(timeout['timer']!.hasRef()).toBe(!unreferenced);
      jest.advanceTimersByTime(10 * DAY_MS);
    }
  });
});
