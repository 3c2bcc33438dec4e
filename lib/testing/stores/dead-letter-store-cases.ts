import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeadLetterFilter, DeadLetterStore } from '../../protocol/dead-letter-store.js';
import type { DeadLetter, KeptDeadLetter } from '../../protocol/dead-letter.js';
import type { StoreCase } from './deduplication-store-cases.js';

/** Two stores on one database: as two processes have it. */
type Stores = readonly [DeadLetterStore, DeadLetterStore];

const LEASE_MS = 60_000;
/** A lease that is waited for. */
const SHORT_MS = 150;
const DEADLINE_MS = 10_000;
const NOON = Date.UTC(2026, 0, 2, 12);

/**
 * What every {@link DeadLetterStore} has to do, for any test runner. Patterns are random: cases may run against a database that others
 * use too.
 *
 * @param open gives a store on the same database as those before; one that keeps everything in memory may give the same again
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
  'a letter is kept as it was, for everybody': async ([one, other], pattern) => {
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
  'a letter without anything that may be left out is kept, too': async ([one, other], pattern) => {
    const bare = { group: undefined, handler: undefined, error: undefined, properties: undefined };
    const letter = letterOf(pattern, { ...bare, payload: Buffer.alloc(0), qos: 0 });
    const id = await one.add(letter);
    deepEqual(comparable(await other.get(id)), comparable({ ...letter, id }));
  },
  'a large letter is kept whole': async ([one, other], pattern) => {
    const payload = Buffer.alloc(262_144, 'large');
    const id = await one.add(letterOf(pattern, { payload }));
    ok((await other.get(id))?.payload.equals(payload));
  },
  'a letter that there is not is unknown, whatever its name': async ([one], pattern) => {
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
  'letters are listed in the order in which they came, piece by piece, from both ends': async (
    [one, other],
    pattern,
  ) => {
    const ids = await added(one, pattern, 7);
    deepEqual(await listed(other, { pattern }, 3), ids);
    deepEqual(await listed(other, { pattern }, 3, true), ids.toReversed());
    deepEqual(await listed(other, { pattern }, 100), ids);
  },
  'a filter means the letters to which all of it applies': async ([one], pattern) => {
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
  'what is listed is what is got': async ([one], pattern) => {
    const id = await one.add(letterOf(pattern));
    const { letters } = await one.list({ pattern }, { limit: 10, newestFirst: true });
    deepEqual(letters.map(comparable), [comparable(await one.get(id))]);
  },
  'a letter that is claimed is one replay older, and not free': async ([one, other], pattern) => {
    const id = await one.add(letterOf(pattern, { replays: 2 }));
    const letter = await claimed(one, id, 'a');
    deepEqual(comparable(letter), comparable({ ...letterOf(pattern, { replays: 3 }), id }));
    deepEqual(await other.claim(id, 'b', LEASE_MS), { state: 'claimed' });
    equal((await other.get(id))?.replays, 3);
    deepEqual(await listed(other, { pattern }), [id]);
  },
  'who has the letter may claim it again, and is not counted twice': async ([one, other], pattern) => {
    const id = await one.add(letterOf(pattern));
    equal((await claimed(one, id, 'a')).replays, 1);
    equal((await claimed(other, id, 'a')).replays, 1);
    deepEqual(await other.claim(id, 'b', LEASE_MS), { state: 'claimed' });
  },
  'a letter that is removed is gone for everybody': async ([one, other], pattern) => {
    const [first, second] = (await added(one, pattern, 2)) as [string, string];
    await claimed(one, first, 'a');
    equal(await other.remove(first, 'a'), true);
    equal(await one.remove(first, 'a'), false);
    equal(await one.get(first), undefined);
    deepEqual(await listed(one, { pattern }), [second]);
    const third = await one.add(letterOf(pattern));
    notEqual(third, first);
  },
  'a replay that has failed leaves the letter free, with the reason of now': async ([one, other], pattern) => {
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
  'a replay that was not made does not count': async ([one, other], pattern) => {
    const id = await one.add(letterOf(pattern, { replays: 1 }));
    await claimed(one, id, 'a');
    await other.release(id, 'a');
    deepEqual(comparable(await one.get(id)), comparable({ ...letterOf(pattern, { replays: 1 }), id }));
    equal((await claimed(one, id, 'b')).replays, 2);
  },
  'who does not have the letter cannot renew, release or remove it': async ([one, other], pattern) => {
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
  'a lease that ends leaves the letter to another, and its old owner is told': async ([one, other], pattern) => {
    const id = await one.add(letterOf(pattern));
    await claimed(one, id, 'a', SHORT_MS);
    equal((await becomesMine(other, id, 'b')).replays, 2); // the crash of its owner counts
    equal(await one.renew(id, 'a', LEASE_MS), false);
    await one.release(id, 'a', { reason: 'x', error: 'x' });
    equal(await one.remove(id, 'a'), false);
    deepEqual(await one.claim(id, 'c', LEASE_MS), { state: 'claimed' });
    equal((await one.get(id))?.reason, 'broken');
    equal(await other.remove(id, 'b'), true);
  },
  'a lease that has ended is no matter when nobody wanted the letter': async ([one], pattern) => {
    const [first, second] = (await added(one, pattern, 2)) as [string, string];
    for (const id of [first, second]) await claimed(one, id, 'a', 1);
    await sleep(20);
    equal(await one.renew(first, 'a', LEASE_MS), true);
    equal(await one.remove(second, 'a'), true);
  },
  'a lease that is renewed goes on': async ([one, other], pattern) => {
    const id = await one.add(letterOf(pattern));
    await claimed(one, id, 'a', SHORT_MS);
    equal(await one.renew(id, 'a', LEASE_MS), true);
    await sleep(SHORT_MS + 50);
    deepEqual(await other.claim(id, 'b', LEASE_MS), { state: 'claimed' });
    equal(await one.renew(id, 'a', 1), true);
    await becomesMine(other, id, 'b');
  },
  'of many who claim a letter at once, one has it': async ([one, other], pattern) => {
    const id = await one.add(letterOf(pattern));
    const claims = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => (i % 2 === 0 ? one : other).claim(id, `owner ${i}`, LEASE_MS)),
    );
    equal(claims.filter(({ state }) => state === 'mine').length, 1);
    equal((await one.get(id))?.replays, 1);
  },
  'many letters at once do not get in each other’s way': async ([one, other], pattern) => {
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

/** One after another. */
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
  throw new Error(`the letter should be free, and is ${claim.state}`);
}

/** A lease that ends soon has ended. */
async function becomesMine(store: DeadLetterStore, id: string, owner: string): Promise<KeptDeadLetter> {
  for (const deadline = Date.now() + DEADLINE_MS; Date.now() < deadline; await sleep(10)) {
    const claim = await store.claim(id, owner, LEASE_MS);
    if (claim.state === 'mine') return claim.letter;
  }
  throw new Error(`the lease of ${SHORT_MS} ms has not ended after ${DEADLINE_MS} ms`);
}

/** What is undefined may be left out, and bytes are compared as such. */
function comparable(letter: KeptDeadLetter | undefined): unknown {
  if (!letter) return undefined;
  const { payload, properties, ...others } = letter;
  const { correlationData, ...rest } = properties ?? {};
  const bytes = { payload: payload.toString('hex'), correlationData: correlationData?.toString('hex') };
  return JSON.parse(JSON.stringify({ ...others, ...bytes, properties: properties && rest }));
}
