import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { InvocationSignal } from '../../../../lib/server/handling/invocation-signal.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('InvocationSignal', () => {
  it.each([5, 100 * 24 * 60 * 60])('aborts when the message expires after %i s, and not before', (seconds) => {
    const { signal } = new InvocationSignal(Date.now() + seconds * 1_000);
    jest.advanceTimersByTime(seconds * 1_000 - 1);
    expect(signal.aborted).toBe(false);
    jest.advanceTimersByTime(1);
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toEqual(new Error('The message has expired.'));
  });

  it('aborts no earlier than the clock says, although a timer may fire before it', () => {
    const expiresAt = Date.now() + 1_000;
    const { signal } = new InvocationSignal(expiresAt);
    jest.setSystemTime(expiresAt - 1_001);
    jest.advanceTimersByTime(1_000);
    expect([Date.now(), signal.aborted]).toEqual([expiresAt - 1, false]);
    jest.advanceTimersByTime(1);
    expect([Date.now(), signal.aborted]).toEqual([expiresAt, true]);
  });

  it('of a message that does not expire aborts only when it is told', () => {
    const invocation = new InvocationSignal(Infinity);
    jest.advanceTimersByTime(2 ** 40);
    expect(invocation.signal.aborted).toBe(false);
    invocation.abort(new Error('over'));
    expect(invocation.signal.reason).toEqual(new Error('over'));
  });

  it('leaves no timer behind', () => {
    new InvocationSignal(Date.now() + 2 ** 33).dispose();
    new InvocationSignal(Infinity).dispose();
    expect(jest.getTimerCount()).toBe(0);
  });
});
