import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Redelivery } from '../../../../lib/server/session/redelivery.js';

const DAY_MS = 24 * 60 * 60 * 1_000;
const WINDOW = 100;

const whenSettled = (): Promise<void> => Promise.resolve();

function redelivery(delayMs: number, maxDelayMs: number) {
  const resume = jest.fn();
  const logger = new Logger('test');
  jest.spyOn(logger, 'log').mockImplementation(() => {});
  return {
    redelivery: new Redelivery({ delayMs, maxDelayMs }, WINDOW, { resume, whenSettled, durableSession: true, logger }),
    resume,
  };
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('Redelivery', () => {
  it.each([1_000, 100 * DAY_MS])('resumes the session after a delay of %i ms, and not before', async (delayMs) => {
    const { redelivery: rounds, resume } = redelivery(delayMs, 1_000 * DAY_MS);
    rounds.withheld(1);
    await jest.advanceTimersByTimeAsync(delayMs - 1);
    expect(resume).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    expect(resume).toHaveBeenCalledTimes(1);
  });

  it('waits for the bound of the growing delay, however long that is', async () => {
    const { redelivery: rounds, resume } = redelivery(100 * DAY_MS, 150 * DAY_MS);
    for (const days of [100, 150, 150]) {
      resume.mockClear();
      rounds.withheld(1);
      await jest.advanceTimersByTimeAsync(days * DAY_MS - 1);
      expect(resume).not.toHaveBeenCalled();
      await jest.advanceTimersByTimeAsync(1);
      expect(resume).toHaveBeenCalledTimes(1);
    }
  });

  it('starts with a short delay again after a round in which nothing was withheld, and not before that has passed', async () => {
    const { redelivery: rounds, resume } = redelivery(DAY_MS, 100 * DAY_MS);
    rounds.withheld(1);
    await jest.advanceTimersByTimeAsync(DAY_MS);
    rounds.connected();
    await jest.advanceTimersByTimeAsync(100 * DAY_MS);
    rounds.withheld(1);
    await jest.advanceTimersByTimeAsync(DAY_MS);
    expect(resume).toHaveBeenCalledTimes(2);
  });

  it('knows a delay of 0 after any number of rounds', async () => {
    const set = jest.spyOn(globalThis, 'setTimeout');
    const { redelivery: rounds, resume } = redelivery(0, 1_000);
    for (let round = 0; round < 1_100; round++) {
      rounds.withheld(1);
      await jest.advanceTimersByTimeAsync(1);
    }
    expect(resume).toHaveBeenCalledTimes(1_100);
    expect(set.mock.calls.filter(([, ms]) => Number.isNaN(ms))).toEqual([]);
  });

  it('leaves no timer behind when it is stopped', () => {
    const { redelivery: rounds } = redelivery(100 * DAY_MS, 100 * DAY_MS);
    rounds.withheld(1);
    rounds.stop();
    expect(jest.getTimerCount()).toBe(0);
  });
});
