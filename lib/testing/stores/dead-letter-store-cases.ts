import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeadLetterFilter, DeadLetterStore } from '../../protocol/dead-letter-store.js';
import type { DeadLetter, KeptDeadLetter } from '../../protocol/dead-letter.js';
import type { StoreCase } from './deduplication-store-cases.js';

/** Two stores on one database, as in two processes. */
type Stores = readonly [DeadLetterStore, DeadLetterStore];

const LEASE_MS = 60_000;
/** A lease whose end the tests wait for. */
const SHORT_MS = 150;
const DEADLINE_MS = 10_000;
const NOON = Date.UTC(2026, 0, 2, 12);

/**
 * Test cases for every {@link DeadLetterStore}, for any test runner. Patterns are random, so that the cases can run against a shared
 * database.
 *
 * @param open returns a store on the same database each time; for a store in memory, it may return the same one
 *
 * @example
 * ```ts
 * describe('MyStore', () => {
 *   for (const { name, run } of deadLetterStoreCases(() => new MyStore(url))) it(name, run);
 * });
 * ```
 */
export function deadLetterStoreCases(open: () => DeadLetterStore | Promise<DeadLetterStore>): readonly StoreCase[] {
  return Object.entries(CASES).map(([name, check]) => ({
    name,
    run: async () => check([await open(), await open()], randomUUID()),
  }));
}

const CASES: Readonly<Record<string, (stores: Stores, pattern: string) => Promise<void>>> = {
  'a letter is kept unchanged, for all stores': async ([one, other], pattern) => {
    const letter = letterOf(pattern, {
      payload: Buffer.from([0, 255, 10, 34, 92]),
      reason: '"quoted" \\ ☃ 日本',
      properties: {
        correlationData: Buffer.from([0, 1, 254]),
        contentType: 'application/json',
        messageExpiryInterval: 7,
        userProperties: { site: '7', repeated: ['a', 'b'] },
      },
    });
    const id = await one.add(letter);
    for (const store of [one, other]) deepEqual(comparable(await store.get(id)), comparable({ ...letter, id }));
  },
  'a letter without optional fields is kept': async ([one, other], pattern) => {
    const bare = { group: undefined, handler: undefined, error: undefined, properties: undefined };
    const letter = letterOf(pattern, { ...bare, payload: Buffer.alloc(0), qos: 0 });
    const id = await one.add(letter);
    deepEqual(comparable(await other.get(id)), comparable({ ...letter, id }));
  },
  'a large letter is kept completely': async ([one, other], pattern) => {
    const payload = Buffer.alloc(262_144, 'large');
    const id = await one.add(letterOf(pattern, { payload }));
    ok((await other.get(id))?.payload.equals(payload));
  },
  'a letter that does not exist is unknown, for any id': async ([one], pattern) => {
    const gone = await one.add(letterOf(pattern));
    await claimed(one, gone, 'a');
    await one.remove(gone, 'a');
    for (const id of [gone, '', '0', '-1', '9'.repeat(30), 'nonsense', "'; --", '1-1', '\u{1f600}']) {
      equal(await one.get(id), undefined);
      deepEqual(await one.claim(id, 'a', LEASE_MS), { state: 'unknown' });
      equal(await one.renew(id, 'a', LEASE_MS), false);
      equal(await one.remove(id, 'a'), false);
      await one.release(id, 'a');
    }
  },
  'letters are listed in the order in which they were added, page by page, from both ends': async (
    [one, other],
    pattern,
  ) => {
    const ids = await added(one, pattern, 7);
    deepEqual(await listed(other, { pattern }, 3), ids);
    deepEqual(await listed(other, { pattern }, 3, true), ids.toReversed());
    deepEqual(await listed(other, { pattern }, 100), ids);
  },
  'a filter selects the letters that match all of its conditions': async ([one], pattern) => {
    const a = await one.add(letterOf(pattern, { topic: 'a', error: 'TypeError', time: NOON }));
    const b = await one.add(letterOf(pattern, { topic: 'b', error: undefined, time: NOON + 1 }));
    const c = await one.add(letterOf(pattern, { topic: 'a', error: 'RangeError', time: NOON + 2 }));
    const expected: readonly (readonly [DeadLetterFilter, readonly string[]])[] = [
      [{}, [a, b, c]],
      [{ topic: 'a' }, [a, c]],
      [{ error: 'TypeError' }, [a]],
      [{ topic: 'b', error: 'TypeError' }, []],
      [{ since: NOON + 1 }, [b, c]],
      [{ before: NOON + 1 }, [a]],
      [{ since: NOON + 1, before: NOON + 2 }, [b]],
      [{ topic: undefined }, [a, b, c]],
    ];
    for (const [filter, ids] of expected) deepEqual(await listed(one, { ...filter, pattern }), ids);
  },
  'list() returns the same letters as get()': async ([one], pattern) => {
    const id = await one.add(letterOf(pattern));
    const { letters } = await one.list({ pattern }, { limit: 10, newestFirst: true });
    deepEqual(letters.map(comparable), [comparable(await one.get(id))]);
  },
  'a claim counts a replay, and excludes other owners': async ([one, other], pattern) => {
    const id = await one.add(letterOf(pattern, { replays: 2 }));
    const letter = await claimed(one, id, 'a');
    deepEqual(comparable(letter), comparable({ ...letterOf(pattern, { replays: 3 }), id }));
    deepEqual(await other.claim(id, 'b', LEASE_MS), { state: 'claimed' });
    equal((await other.get(id))?.replays, 3);
    deepEqual(await listed(other, { pattern }), [id]);
  },
  'the owner may claim the letter again, which is not counted twice': async ([one, other], pattern) => {
    const id = await one.add(letterOf(pattern));
    equal((await claimed(one, id, 'a')).replays, 1);
    equal((await claimed(other, id, 'a')).replays, 1);
    deepEqual(await other.claim(id, 'b', LEASE_MS), { state: 'claimed' });
  },
  'a removed letter is gone for all stores': async ([one, other], pattern) => {
    const [first, second] = (await added(one, pattern, 2)) as [string, string];
    await claimed(one, first, 'a');
    equal(await other.remove(first, 'a'), true);
    equal(await one.remove(first, 'a'), false);
    equal(await one.get(first), undefined);
    deepEqual(await listed(one, { pattern }), [second]);
    const third = await one.add(letterOf(pattern));
    notEqual(third, first);
  },
  'a failed replay frees the letter and updates its reason': async ([one, other], pattern) => {
    const id = await one.add(letterOf(pattern));
    await claimed(one, id, 'a');
    await one.release(id, 'a', { reason: 'again "quoted" ☃', error: 'AgainError' });
    const known = { replays: 1, reason: 'again "quoted" ☃', error: 'AgainError' };
    deepEqual(comparable(await other.get(id)), comparable({ ...letterOf(pattern), ...known, id }));
    deepEqual(await listed(other, { pattern, error: 'AgainError' }), [id]);
    deepEqual(await listed(other, { pattern, error: 'TypeError' }), []);
    equal((await claimed(other, id, 'b')).replays, 2);
    await other.release(id, 'b', { reason: 'a text was thrown', error: undefined });
    const { reason, error } = (await one.get(id))!;
    deepEqual({ reason, error }, { reason: 'a text was thrown', error: undefined });
  },
  'a release without a failure does not count': async ([one, other], pattern) => {
    const id = await one.add(letterOf(pattern, { replays: 1 }));
    await claimed(one, id, 'a');
    await other.release(id, 'a');
    deepEqual(comparable(await one.get(id)), comparable({ ...letterOf(pattern, { replays: 1 }), id }));
    equal((await claimed(one, id, 'b')).replays, 2);
  },
  'only the owner can renew, release or remove a letter': async ([one, other], pattern) => {
    const id = await one.add(letterOf(pattern));
    for (const store of [one, other]) {
      equal(await store.renew(id, 'b', LEASE_MS), false);
      equal(await store.remove(id, 'b'), false);
      await store.release(id, 'b', { reason: 'x', error: 'x' });
      equal((await one.get(id))?.reason, 'broken');
      await claimed(one, id, 'a');
    }
    deepEqual(await other.claim(id, 'c', LEASE_MS), { state: 'claimed' });
    equal(await one.remove(id, 'a'), true);
  },
  'after its lease another owner can claim a letter, and the old owner cannot renew it': async (
    [one, other],
    pattern,
  ) => {
    const id = await one.add(letterOf(pattern));
    await claimed(one, id, 'a', SHORT_MS);
    equal((await becomesMine(other, id, 'b')).replays, 2); // a replay whose owner crashed counts
    equal(await one.renew(id, 'a', LEASE_MS), false);
    await one.release(id, 'a', { reason: 'x', error: 'x' });
    equal(await one.remove(id, 'a'), false);
    deepEqual(await one.claim(id, 'c', LEASE_MS), { state: 'claimed' });
    equal((await one.get(id))?.reason, 'broken');
    equal(await other.remove(id, 'b'), true);
  },
  'an owner can continue after its lease if no other has claimed the letter': async ([one], pattern) => {
    const [first, second] = (await added(one, pattern, 2)) as [string, string];
    for (const id of [first, second]) await claimed(one, id, 'a', 1);
    await sleep(20);
    equal(await one.renew(first, 'a', LEASE_MS), true);
    equal(await one.remove(second, 'a'), true);
  },
  'a renewed lease does not end': async ([one, other], pattern) => {
    const id = await one.add(letterOf(pattern));
    await claimed(one, id, 'a', SHORT_MS);
    equal(await one.renew(id, 'a', LEASE_MS), true);
    await sleep(SHORT_MS + 50);
    deepEqual(await other.claim(id, 'b', LEASE_MS), { state: 'claimed' });
    equal(await one.renew(id, 'a', 1), true);
    await becomesMine(other, id, 'b');
  },
  'of many concurrent claims of a letter, one succeeds': async ([one, other], pattern) => {
    const id = await one.add(letterOf(pattern));
    const claims = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => (i % 2 === 0 ? one : other).claim(id, `owner ${i}`, LEASE_MS)),
    );
    equal(claims.filter(({ state }) => state === 'mine').length, 1);
    equal((await one.get(id))?.replays, 1);
  },
  'concurrent claims of different letters do not interfere': async ([one, other], pattern) => {
    const ids = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => (i % 2 === 0 ? one : other).add(letterOf(pattern))),
    );
    equal(new Set(ids).size, 200);
    deepEqual((await listed(one, { pattern }, 60)).toSorted(), ids.toSorted());
    const removed = await Promise.all(
      [one, other].map(async (store, i) =>
        Promise.all(
          ids.map(async (id) => {
            const { state } = await store.claim(id, `owner ${i}`, LEASE_MS);
            return state === 'mine' && (await store.remove(id, `owner ${i}`));
          }),
        ),
      ),
    );
    deepEqual(
      removed[0]!.map(Number).map((by, i) => by + Number(removed[1]![i])),
      ids.map(() => 1),
    );
    deepEqual(await listed(one, { pattern }), []);
  },
};

function letterOf(pattern: string, parts: Partial<DeadLetter> = {}): DeadLetter {
  return {
    time: NOON,
    pattern,
    group: 'billing',
    handler: 'Orders.created()',
    attempts: 3,
    reason: 'broken',
    error: 'TypeError',
    replays: 0,
    topic: 'orders/ä/日本',
    payload: Buffer.from('{"id":7}'),
    qos: 1,
    properties: undefined,
    ...parts,
  };
}

/** Adds letters one after another. */
async function added(store: DeadLetterStore, pattern: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push(await store.add(letterOf(pattern)));
  return ids;
}

async function listed(
  store: DeadLetterStore,
  filter: DeadLetterFilter,
  limit = 50,
  newestFirst = false,
): Promise<string[]> {
  const ids: string[] = [];
  let from: string | undefined;
  do {
    const page = await store.list(filter, { limit, from, newestFirst });
    ok(page.letters.length <= limit);
    ids.push(...page.letters.map(({ id }) => id));
    from = page.next;
  } while (from !== undefined);
  return ids;
}

async function claimed(store: DeadLetterStore, id: string, owner: string, leaseMs = LEASE_MS): Promise<KeptDeadLetter> {
  const claim = await store.claim(id, owner, leaseMs);
  if (claim.state === 'mine') return claim.letter;
  throw new Error(`the letter should be free, but is ${claim.state}`);
}

/** Waits until a short lease has ended. */
async function becomesMine(store: DeadLetterStore, id: string, owner: string): Promise<KeptDeadLetter> {
  for (const deadline = Date.now() + DEADLINE_MS; Date.now() < deadline; await sleep(10)) {
    const claim = await store.claim(id, owner, LEASE_MS);
    if (claim.state === 'mine') return claim.letter;
  }
  throw new Error(`the lease of ${SHORT_MS} ms has not ended after ${DEADLINE_MS} ms`);
}

/** Undefined fields are equal to missing ones, and bytes are compared as hex. */
function comparable(letter: KeptDeadLetter | undefined): unknown {
  if (!letter) return undefined;
  const { payload, properties, ...others } = letter;
  const { correlationData, ...rest } = properties ?? {};
  const bytes = { payload: payload.toString('hex'), correlationData: correlationData?.toString('hex') };
  return JSON.parse(JSON.stringify({ ...others, ...bytes, properties: properties && rest }));
}
