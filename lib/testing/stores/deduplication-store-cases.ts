import { deepEqual, equal, ok } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OutgoingMessage } from '../../protocol/application-message.js';
import type { Claim, DeduplicationStore } from '../../protocol/deduplication-store.js';

/** One requirement for a store. */
export interface StoreCase {
  readonly name: string;
  /** Rejects when the store does not meet the requirement. */
  run(this: void): Promise<void>;
}

/** Two stores on one database, as in two processes. */
type Stores = readonly [DeduplicationStore, DeduplicationStore];

const LEASE_MS = 60_000;
const TTL_MS = 60_000;
/** A lease or a time to live whose end the tests wait for. */
const SHORT_MS = 150;
const DEADLINE_MS = 10_000;
const MANY = 500;

/**
 * Test cases for every {@link DeduplicationStore}, for any test runner. Keys are random, so that the cases can run against a shared
 * database.
 *
 * @param open returns a store on the same database each time; for a store in memory, it may return the same one
 *
 * @example
 * ```ts
 * describe('MyStore', () => {
 *   for (const { name, run } of deduplicationStoreCases(() => new MyStore(url))) it(name, run);
 * });
 * ```
 */
export function deduplicationStoreCases(
  open: () => DeduplicationStore | Promise<DeduplicationStore>,
): readonly StoreCase[] {
  return Object.entries(CASES).map(([name, check]) => ({
    name,
    run: async () => check([await open(), await open()], randomUUID()),
  }));
}

const REPLIES: readonly OutgoingMessage[] = [
  {
    topic: 'answers/ä/日本',
    payload: Buffer.from([0, 255, 10, 34, 92]),
    qos: 2,
    retain: false,
    properties: {
      correlationData: Buffer.from([0, 1, 254]),
      contentType: 'application/json',
      messageExpiryInterval: 7,
      userProperties: { 'nest-stream': '0', repeated: ['a', 'b'] },
    },
  },
  { topic: 'answers/text', payload: '"quoted" \\ \n \0 ☃ ', qos: 0, retain: true },
];

const CASES: Readonly<Record<string, (stores: Stores, key: string) => Promise<void>>> = {
  'a free key can be claimed, and is running for other owners': async ([one, other], key) => {
    await isClaimed(one.claim(key, 'a', LEASE_MS), 'mine');
    await isClaimed(one.claim(key, 'b', LEASE_MS), 'running');
    await isClaimed(other.claim(key, 'b', LEASE_MS), 'running');
  },
  'the owner may claim the key again, as when the first reply was lost': async ([one, other], key) => {
    await isClaimed(one.claim(key, 'a', LEASE_MS), 'mine');
    await isClaimed(other.claim(key, 'a', LEASE_MS), 'mine');
    await isClaimed(other.claim(key, 'b', LEASE_MS), 'running');
  },
  'a completed key is done for all owners, with unchanged replies': async ([one, other], key) => {
    await one.claim(key, 'a', LEASE_MS);
    equal(await one.complete(key, 'a', REPLIES, TTL_MS), true);
    for (const store of [one, other]) {
      for (const owner of ['a', 'b']) {
        const claim = await store.claim(key, owner, LEASE_MS);
        equal(claim.state, 'done');
        deepEqual(claim.state === 'done' && claim.replies.map(comparable), REPLIES.map(comparable));
      }
    }
  },
  'an empty list of replies is kept': async ([one, other], key) => {
    await one.claim(key, 'a', LEASE_MS);
    await one.complete(key, 'a', [], TTL_MS);
    deepEqual(await other.claim(key, 'b', LEASE_MS), { state: 'done', replies: [] });
  },
  'large replies are kept completely': async ([one, other], key) => {
    const payload = Buffer.alloc(262_144, 'large');
    await one.claim(key, 'a', LEASE_MS);
    await one.complete(key, 'a', [{ topic: 't', payload, qos: 1, retain: false }], TTL_MS);
    const claim = await other.claim(key, 'b', LEASE_MS);
    ok(claim.state === 'done' && payload.equals(Buffer.from(claim.replies[0]!.payload)));
  },
  'a released key is free at once': async ([one, other], key) => {
    await one.claim(key, 'a', LEASE_MS);
    await one.release(key, 'a');
    await isClaimed(other.claim(key, 'b', LEASE_MS), 'mine');
  },
  'only the owner can renew, complete or release a key': async ([one, other], key) => {
    await one.claim(key, 'a', LEASE_MS);
    equal(await other.renew(key, 'b', LEASE_MS), false);
    equal(await other.complete(key, 'b', REPLIES, TTL_MS), false);
    await other.release(key, 'b');
    await isClaimed(other.claim(key, 'b', LEASE_MS), 'running');
    equal(await one.complete(key, 'a', [], TTL_MS), true);
  },
  'a completed key stays done': async ([one, other], key) => {
    await one.claim(key, 'a', LEASE_MS);
    await one.complete(key, 'a', [], TTL_MS);
    equal(await one.renew(key, 'a', LEASE_MS), false);
    equal(await one.complete(key, 'a', REPLIES, TTL_MS), false);
    await one.release(key, 'a');
    deepEqual(await other.claim(key, 'b', LEASE_MS), { state: 'done', replies: [] });
  },
  'after its lease another owner can claim a key, and the old owner cannot renew it': async ([one, other], key) => {
    await one.claim(key, 'a', SHORT_MS);
    await becomesMine(other, key, 'b');
    equal(await one.renew(key, 'a', LEASE_MS), false);
    equal(await one.complete(key, 'a', REPLIES, TTL_MS), false);
    await one.release(key, 'a');
    await isClaimed(one.claim(key, 'c', LEASE_MS), 'running');
    equal(await other.complete(key, 'b', [], TTL_MS), true);
  },
  'an owner can continue after its lease if no other has claimed the key': async ([one], key) => {
    await one.claim(key, 'a', 1);
    await sleep(20);
    equal(await one.complete(key, 'a', [], TTL_MS), true);
    await isClaimed(one.claim(key, 'b', LEASE_MS), 'done');
  },
  'a renewed lease does not end': async ([one, other], key) => {
    await one.claim(key, 'a', LEASE_MS);
    equal(await one.renew(key, 'a', 1), true);
    await becomesMine(other, key, 'b');
    equal(await other.renew(key, 'b', 1), true);
    await sleep(20);
    equal(await other.renew(key, 'b', LEASE_MS), true);
    await isClaimed(one.claim(key, 'c', LEASE_MS), 'running');
  },
  'replies expire after their time to live': async ([one, other], key) => {
    await one.claim(key, 'a', LEASE_MS);
    await one.complete(key, 'a', REPLIES, SHORT_MS);
    await isClaimed(other.claim(key, 'b', LEASE_MS), 'done');
    await becomesMine(other, key, 'b');
    equal(await other.complete(key, 'b', [], TTL_MS), true);
    deepEqual(await one.claim(key, 'c', LEASE_MS), { state: 'done', replies: [] });
  },
  'of many concurrent claims of a free key, one succeeds': async ([one, other], key) => {
    const claims = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => (i % 2 === 0 ? one : other).claim(key, `owner ${i}`, LEASE_MS)),
    );
    equal(claims.filter(({ state }) => state === 'mine').length, 1);
  },
  'of many concurrent claims after a lease has ended, one succeeds': async ([one, other], key) => {
    await one.claim(key, 'a', 1);
    await sleep(20);
    const claims = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => (i % 2 === 0 ? one : other).claim(key, `owner ${i}`, LEASE_MS)),
    );
    equal(claims.filter(({ state }) => state === 'mine').length, 1);
  },
  'concurrent claims of different keys do not interfere': async ([one, other], key) => {
    const keys = Array.from({ length: MANY }, (_, i) => `${key} ${i}`);
    const [forward, backward] = await Promise.all([
      Promise.all(keys.map(async (each) => one.claim(each, 'a', LEASE_MS))),
      Promise.all(keys.toReversed().map(async (each) => other.claim(each, 'b', LEASE_MS))),
    ]);
    const ofOther = backward.toReversed();
    for (const i of keys.keys()) deepEqual([forward[i]!.state, ofOther[i]!.state].toSorted(), ['mine', 'running']);
    const ended = await Promise.all(
      keys.map(async (each, i) => {
        const [store, owner] = forward[i]!.state === 'mine' ? [one, 'a'] : [other, 'b'];
        const renewed = await store.renew(each, owner, LEASE_MS);
        return renewed && (await store.complete(each, owner, [reply(i)], TTL_MS));
      }),
    );
    ok(ended.every(Boolean));
    const done = await Promise.all(keys.map(async (each) => one.claim(each, 'c', LEASE_MS)));
    const payloads = done.map((claim) => claim.state === 'done' && claim.replies[0]!.payload.toString());
    deepEqual(payloads, Array.from(keys.keys(), String));
  },
  'keys are compared exactly': async ([one], key) => {
    const keys = ['', ' ', 'A', 'a', '%', '_', ':', '\n', "'", '"', '\\', 'é', 'e\u0301', '*', 'x'.repeat(200)];
    for (const end of keys) await isClaimed(one.claim(key + end, 'a', LEASE_MS), 'mine');
    for (const end of keys) await isClaimed(one.claim(key + end, 'b', LEASE_MS), 'running');
  },
};

function reply(i: number): OutgoingMessage {
  return { topic: 't', payload: String(i), qos: 1, retain: false };
}

async function isClaimed(claim: Claim | Promise<Claim>, state: Claim['state']): Promise<void> {
  equal((await claim).state, state);
}

/** Waits until a short lease has ended. */
async function becomesMine(store: DeduplicationStore, key: string, owner: string): Promise<void> {
  for (const deadline = Date.now() + DEADLINE_MS; Date.now() < deadline; await sleep(10))
    if ((await store.claim(key, owner, LEASE_MS)).state === 'mine') return;
  throw new Error(`the lease, or time to live, of ${SHORT_MS} ms has not ended after ${DEADLINE_MS} ms`);
}

/** Strings and bytes are equal in a packet. */
function comparable({ payload, properties, ...message }: OutgoingMessage): object {
  const { correlationData, ...others } = properties ?? {};
  return {
    ...message,
    ...others,
    payload: Buffer.from(payload).toString('base64'),
    correlationData: correlationData && Buffer.from(correlationData).toString('base64'),
  };
}
