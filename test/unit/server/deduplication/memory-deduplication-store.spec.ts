import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { OutgoingMessage } from '../../../../lib/protocol/application-message.js';
import { MemoryDeduplicationStore } from '../../../../lib/server/deduplication/memory-deduplication-store.js';

const HOUR_MS = 3_600_000;

function replies(payload = 'x'): OutgoingMessage[] {
  return [{ topic: 'answers', payload, qos: 1, retain: false }];
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('MemoryDeduplicationStore (fault 12)', () => {
  it('keeps replies as long as it is told, and lets them go', () => {
    const store = new MemoryDeduplicationStore();
    store.set('a', replies(), 60_000);
    jest.advanceTimersByTime(59_999);
    expect(store.get('a')).toEqual(replies());
    jest.advanceTimersByTime(1);
    expect(store.get('a')).toBeUndefined();
    store.set('b', replies(), 60_000);
    expect(store.size).toBe(1);
  });

  it('holds no more than ten thousand of a million keys, the latest', () => {
    const store = new MemoryDeduplicationStore();
    for (let i = 0; i < 1_000_000; i++) store.set(`${i}`, replies(), HOUR_MS);
    expect(store.size).toBe(10_000);
    expect([store.get('989999'), store.get('990000'), store.get('999999')]).toEqual([undefined, replies(), replies()]);
  });

  it('holds no more than 64 MiB of payload, and counts what it lets go', () => {
    const store = new MemoryDeduplicationStore();
    const large = 'x'.repeat(1_048_576);
    for (let i = 0; i < 200; i++) store.set(`${i % 100}`, replies(large), HOUR_MS);
    expect(store.size).toBe(64);
    store.set('one', replies('x'.repeat(65 * 1_048_576)), HOUR_MS);
    expect(store.size).toBe(0);
    store.set('small', replies(), HOUR_MS);
    expect(store.size).toBe(1);
  });

  it('does not let a caller choose for how long its replies are kept', () => {
    const store = new MemoryDeduplicationStore();
    store.set('a', replies(), 136 * 365 * 24 * HOUR_MS);
    jest.advanceTimersByTime(HOUR_MS - 1);
    expect(store.get('a')).toEqual(replies());
    jest.advanceTimersByTime(1);
    expect(store.get('a')).toBeUndefined();
  });
});
