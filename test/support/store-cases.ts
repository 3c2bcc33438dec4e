/* oxlint-disable jest/valid-title, jest/expect-expect -- titles and assertions come from the suite */
import { expect, it, jest } from '@jest/globals';
import type { DeadLetterStore, DeduplicationStore } from '../../lib/index.js';
import { deadLetterStoreCases, deduplicationStoreCases } from '../../lib/testing/index.js';
import { within } from './deadline.js';

const HOUR_MS = 3_600_000;
const LEASE_MS = 60_000;

/** The suite for stores of any kind. @param open another store on the same database */
export function itKeepsTheContract(open: () => DeduplicationStore | Promise<DeduplicationStore>): void {
  for (const { name, run } of deduplicationStoreCases(open)) it(name, run);
}

/** The suite for dead letter stores of any kind. @param open another store on the same database */
export function itKeepsLetters(open: () => DeadLetterStore | Promise<DeadLetterStore>): void {
  for (const { name, run } of deadLetterStoreCases(open)) it(name, run);
}

/** Claims one of two keys. @returns whether it is the owner's */
export type ClaimOfKey = (key: 'behind' | 'ahead', owner: string, leaseMs: number) => Promise<boolean>;

/** For stores on a database: what the clock of a process says is nothing to them. */
export async function measuresLeasesByItsOwnClock(claim: ClaimOfKey): Promise<void> {
  const now = Date.now();
  const clock = jest.spyOn(Date, 'now').mockReturnValue(now - HOUR_MS);
  await claim('behind', 'one', LEASE_MS);
  clock.mockReturnValue(now + HOUR_MS);
  expect(await claim('behind', 'two', LEASE_MS)).toBe(false);
  await claim('ahead', 'one', 1);
  clock.mockReturnValue(now - HOUR_MS);
  const lapsed = (async () => {
    while (!(await claim('ahead', 'two', LEASE_MS)));
  })();
  await within(lapsed, 'the lease to end');
}

/** Of keys of a deduplication store. */
export function claimsOf(store: DeduplicationStore): ClaimOfKey {
  return async (key, owner, leaseMs) => (await store.claim(key, owner, leaseMs)).state === 'mine';
}
