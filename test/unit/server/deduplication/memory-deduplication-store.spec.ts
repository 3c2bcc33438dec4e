import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { OutgoingMessage } from '../../../../lib/protocol/application-message.js';
import { MemoryDeduplicationStore } from '../../../../lib/server/deduplication/memory-deduplication-store.js';

const HOUR_MS = 3_600_000;

function replies(payload = 'x'): OutgoingMessage[] {
  return [{ topic: 'answers', payload, qos: 1, retain: false }];
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** Whether a key was handled is asked without claiming it, for more than a moment. */
function stateOf(store: MemoryDeduplicationStore, key: string): string {
  const { state } = store.claim(key, 'asker', HOUR_MS);
  store.release(key, 'asker');
  return state;
}

describe('MemoryDeduplicationStore (fault 12)', () => {
  it('keeps replies as long as it is told, and lets them go', () => {
    const store = new MemoryDeduplicationStore();
    store.complete('a', 'one', replies(), 60_000);
    jest.advanceTimersByTime(59_999);
    expect(store.claim('a', 'two', 1)).toEqual({ state: 'done', replies: replies() });
    jest.advanceTimersByTime(1);
    store.complete('b', 'one', replies(), 60_000);
    expect(store.size).toBe(1);
    expect(stateOf(store, 'a')).toBe('mine');
  });

  it('holds no more than ten thousand of a hundred thousand keys, the latest', () => {
    const store = new MemoryDeduplicationStore();
    for (let i = 0; i < 100_000; i++) store.complete(`${i}`, 'one', replies(), HOUR_MS);
    expect(store.size).toBe(10_000);
    expect(['90000', '99999', '89999'].map((key) => stateOf(store, key))).toEqual(['done', 'done', 'mine']);
  });

  it('holds no more than ten thousand of a hundred thousand claims', () => {
    const store = new MemoryDeduplicationStore();
    for (let i = 0; i < 100_000; i++) store.claim(`${i}`, 'one', HOUR_MS);
    expect(store.size).toBe(10_000);
  });

  it('holds no more than 64 MiB of payload, and counts what it lets go', () => {
    const store = new MemoryDeduplicationStore();
    const large = 'x'.repeat(1_048_576);
    for (let i = 0; i < 200; i++) {
      store.complete(`${i % 100}`, 'one', replies(large), 1_000);
      jest.advanceTimersByTime(10);
    }
    expect(store.size).toBe(64);
    store.complete('one', 'one', replies('x'.repeat(65 * 1_048_576)), HOUR_MS);
    expect(store.size).toBe(0);
    store.complete('small', 'one', replies(), HOUR_MS);
    expect(store.size).toBe(1);
  });
});
