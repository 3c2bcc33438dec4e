import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Logger } from '@nestjs/common';
import type { Claim, DeduplicationStore } from '../../../../lib/protocol/deduplication-store.js';
import { SteadyStore } from '../../../../lib/server/deduplication/steady-store.js';

const LEASE_MS = 60_000;

function setUp(store: Partial<DeduplicationStore>) {
  const log: string[] = [];
  const write = (line: unknown): void => void log.push(String(line));
  const logger = { warn: write, log: write } as unknown as Logger;
  return { steady: new SteadyStore(store as DeduplicationStore, logger), log };
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('SteadyStore', () => {
  it('releases what is claimed after nobody waits for it any more', async () => {
    let answer!: (claim: Claim) => void;
    const released: string[] = [];
    const { steady } = setUp({
      claim: () => new Promise((resolve) => (answer = resolve)),
      release: (key, owner) => void released.push(`${key} ${owner}`),
    });
    const claim = steady.claim('key', 'me', LEASE_MS);
    await jest.advanceTimersByTimeAsync(5_000);
    expect(await claim).toBeUndefined();
    answer({ state: 'mine' });
    await jest.advanceTimersByTimeAsync(0);
    expect(released).toEqual(['key me']);
  });

  it('does not release what is claimed in time, or is not its own', async () => {
    const released: string[] = [];
    const release = (): void => void released.push('released');
    const inTime = setUp({ claim: () => Promise.resolve({ state: 'mine' }), release });
    expect(await inTime.steady.claim('key', 'me', LEASE_MS)).toEqual({ state: 'mine' });
    let answer!: (claim: Claim) => void;
    const late = setUp({ claim: () => new Promise((resolve) => (answer = resolve)), release });
    const claim = late.steady.claim('key', 'me', LEASE_MS);
    await jest.advanceTimersByTimeAsync(5_000);
    await claim;
    answer({ state: 'running' });
    await jest.advanceTimersByTimeAsync(0);
    expect(released).toEqual([]);
  });

  it('says once that the store fails, and once that it is back', async () => {
    let failing = true;
    const { steady, log } = setUp({
      renew: () => {
        if (failing) throw new Error('no connection');
        return true;
      },
    });
    for (let i = 0; i < 3; i++) expect(await steady.renew('key', 'me', LEASE_MS)).toBeUndefined();
    failing = false;
    for (let i = 0; i < 3; i++) expect(await steady.renew('key', 'me', LEASE_MS)).toBe(true);
    expect(log).toEqual([
      'The deduplication store failed in renew(): no connection',
      'The deduplication store answers again.',
    ]);
  });

  it.each<unknown>([
    undefined,
    null,
    7,
    {},
    { state: 'mined' },
    { state: 'done' },
    { state: 'done', replies: {} },
    { state: 'done', replies: [null] },
    { state: 'done', replies: [{ topic: 't' }] },
    { state: 'done', replies: [{ topic: 7, payload: '' }] },
  ])('does not take %j for a claim', async (answer) => {
    const { steady } = setUp({ claim: () => answer as Claim });
    expect(await steady.claim('key', 'me', LEASE_MS)).toBeUndefined();
  });
});
