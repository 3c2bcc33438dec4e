import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Request } from '../../../../lib/client/requests/request.js';
import type { CallObserver } from '../../../../lib/client/requests/request-call.js';

const CALL = { pattern: 'a', topic: 'a', data: 1, options: {} };
const observerThrew = (): void => {};
const observer: CallObserver = { next: () => {}, error: () => {}, complete: () => {} };

function request(timeoutMs: number): { pending: Request; timedOut: jest.Mock; ended: jest.Mock } {
  const timedOut = jest.fn((late: Request) => late.fail(new Error('late')));
  const ended = jest.fn();
  return {
    pending: new Request(CALL, timeoutMs, observer, { timedOut, ended, observerThrew }),
    timedOut,
    ended,
  } as never;
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('the deadline of a request', () => {
  it.each([50, 2 ** 31 - 1, 2 ** 31, 2 ** 33])('comes after %i ms, and not before', (timeoutMs) => {
    const { pending, timedOut, ended } = request(timeoutMs);
    expect(pending.deadline).toBe(Date.now() + timeoutMs);
    jest.advanceTimersByTime(timeoutMs - 1);
    expect(timedOut).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(timedOut).toHaveBeenCalledTimes(1);
    expect(timedOut).toHaveBeenCalledWith(pending);
    expect(ended).toHaveBeenCalledTimes(1);
  });

  it('never comes after Infinity', () => {
    const { pending, timedOut } = request(Infinity);
    expect(pending.deadline).toBe(Infinity);
    jest.advanceTimersByTime(2 ** 40);
    expect(timedOut).not.toHaveBeenCalled();
  });

  it.each([50, 2 ** 33])('leaves no timer behind when the request of %i ms ends before', (timeoutMs) => {
    request(timeoutMs).pending.complete();
    expect(jest.getTimerCount()).toBe(0);
  });
});
