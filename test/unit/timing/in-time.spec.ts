import { getActiveResourcesInfo } from 'node:process';
import { describe, expect, it, jest } from '@jest/globals';
import { inTime } from '../../../lib/timing/in-time.js';

const never = new Promise<never>(() => {});
const timers = (): number => getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

describe('inTime', () => {
  it('gives what is promised, and leaves no timer', async () => {
    const before = timers();
    await expect(inTime(Promise.resolve(7), { what: 'it', timeoutMs: 60_000 })).resolves.toBe(7);
    await expect(inTime(7, { what: 'it', timeoutMs: 60_000 })).resolves.toBe(7);
    expect(timers()).toBe(before);
  });

  it('fails as what is promised does, and leaves no timer', async () => {
    const before = timers();
    await expect(inTime(Promise.reject(new Error('no')), { what: 'it', timeoutMs: 60_000 })).rejects.toThrow('no');
    expect(timers()).toBe(before);
  });

  it('says what did not answer', async () => {
    jest.useFakeTimers();
    const late = inTime(never, { what: 'The store', timeoutMs: 5_000 });
    jest.advanceTimersByTime(5_000);
    await expect(late).rejects.toThrow('The store did not answer within 5000 ms');
    jest.useRealTimers();
  });

  it('leaves no timer when nobody waits any more', () => {
    const over = new AbortController();
    const before = timers();
    void inTime(never, { what: 'it', timeoutMs: 60_000, over: over.signal });
    expect(timers()).toBe(before + 1);
    over.abort();
    expect(timers()).toBe(before);
  });

  it('keeps the process alive, unless it is told not to', () => {
    const before = timers(); // lists only what keeps the process alive
    const over = new AbortController();
    void inTime(never, { what: 'it', timeoutMs: 60_000, over: over.signal, unref: true });
    expect(timers()).toBe(before);
    over.abort();
  });
});
