import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { DeadLetterStore } from '../../../lib/index.js';
import { PostgresDeadLetterStore, RedisDeadLetterStore, type SqlClient } from '../../../lib/stores/index.js';
import { closeAfterTest } from '../../support/closing.js';
import { deadLetter } from '../../support/dead-letters.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { postgresPool } from '../../support/postgres-pool.js';
import { PostgresProcess } from '../../support/postgres-process.js';
import { RedisProcess } from '../../support/redis-process.js';
import { measuresLeasesByItsOwnClock, type ClaimOfKey } from '../../support/store-cases.js';

const LEASE_MS = 60_000;
const START_MS = 60_000;

/** Whether one owner can claim a letter and another cannot. */
async function claims(store: DeadLetterStore): Promise<ClaimOfKey> {
  const [behind, ahead] = [await store.add(deadLetter()), await store.add(deadLetter())];
  return async (key, owner, leaseMs) =>
    (await store.claim(key === 'behind' ? behind : ahead, owner, leaseMs)).state === 'mine';
}

afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

describeWhereInstalled(['postgres', 'initdb'], 'PostgresDeadLetterStore on a PostgreSQL', () => {
  let postgres: PostgresProcess;
  let pool: Pool;
  let store: PostgresDeadLetterStore;
  beforeAll(async () => void (postgres = await PostgresProcess.launch()), START_MS);
  afterAll(() => postgres.close());

  beforeEach(async () => {
    pool = postgresPool(postgres);
    const opened = pool;
    closeAfterTest(() => opened.end());
    store = new PostgresDeadLetterStore(pool);
    await pool.query('DROP TABLE IF EXISTS mqtt_dead_letters');
    await store.createTables();
  });

  it('creates its table, also concurrently, and in a schema', async () => {
    await pool.query('DROP TABLE mqtt_dead_letters; CREATE SCHEMA IF NOT EXISTS app');
    await Promise.all(Array.from({ length: 8 }, () => store.createTables()));
    await pool.query(PostgresDeadLetterStore.sql({ prefix: 'app.mq_' }));
    await new PostgresDeadLetterStore(pool, { prefix: 'app.mq_' }).add(deadLetter({ reason: 'why' }));
    expect((await pool.query('SELECT reason, topic FROM app.mq_dead_letters')).rows).toEqual([
      { reason: 'why', topic: 'orders/created' },
    ]);
  });

  it.each(['', 'Mqtt_', 'x"; DROP TABLE y; --', 7])('refuses the prefix %j', (prefix) => {
    expect(() => new PostgresDeadLetterStore(pool, { prefix: prefix as string })).toThrow(
      /^PostgresDeadLetterStore: .* is not a valid prefix/,
    );
  });

  it('does not wait for a locked row: the letter is claimed', async () => {
    const [locked, free] = [await store.add(deadLetter()), await store.add(deadLetter())];
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query('SELECT FROM mqtt_dead_letters WHERE id = $1 FOR UPDATE', [locked]);
    expect(await store.claim(locked, 'a', LEASE_MS)).toEqual({ state: 'claimed' });
    expect(await store.claim(free, 'a', LEASE_MS)).toMatchObject({ state: 'mine' });
    expect((await store.list({}, { limit: 9 })).letters).toHaveLength(2);
    await client.query('ROLLBACK');
    client.release();
    expect(await store.claim(locked, 'a', LEASE_MS)).toMatchObject({ state: 'mine' });
  });

  it('removes a letter once its row is unlocked', async () => {
    const id = await store.add(deadLetter());
    await store.claim(id, 'a', LEASE_MS);
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query('SELECT FROM mqtt_dead_letters FOR UPDATE');
    const removed = store.remove(id, 'a');
    expect(await store.get(id)).toMatchObject({ id }); // the remove is waiting
    await client.query('COMMIT');
    client.release();
    expect(await removed).toBe(true);
  });

  it('fails if a row stays locked', async () => {
    jest.useFakeTimers();
    const client: SqlClient = { query: () => Promise.resolve({ rows: [{ answer: 'locked' }] }) };
    const removed = new PostgresDeadLetterStore(client).remove('7', 'a').catch((error: unknown) => String(error));
    await jest.advanceTimersByTimeAsync(5_100);
    expect(await removed).toBe('Error: a transaction has locked the row of dead letter 7 for more than 5000 ms');
  });

  it('refuses letters beyond maxLetters, and loses none', async () => {
    const small = new PostgresDeadLetterStore(pool, { maxLetters: 2 });
    const ids = [await small.add(deadLetter()), await small.add(deadLetter())];
    await expect(small.add(deadLetter())).rejects.toThrow(
      'mqtt_dead_letters has 2 dead letters, and maxLetters is 2. Replay or discard some.',
    );
    await small.claim(ids[0]!, 'a', LEASE_MS);
    await small.remove(ids[0]!, 'a');
    await small.add(deadLetter());
    expect((await small.list({}, { limit: 9 })).letters).toHaveLength(2);
  });

  it('fails while PostgreSQL is down, and loses nothing', async () => {
    const id = await store.add(deadLetter());
    await store.claim(id, 'a', LEASE_MS);
    await postgres.restart();
    await pool.query('SELECT').catch(() => {}); // a connection that was cut
    const again = new PostgresDeadLetterStore(pool);
    expect(await again.claim(id, 'b', LEASE_MS)).toEqual({ state: 'claimed' });
    expect(await again.remove(id, 'a')).toBe(true);
  });

  it('measures leases by the clock of PostgreSQL', async () => {
    await expect(measuresLeasesByItsOwnClock(await claims(store))).resolves.toBeUndefined();
  });
});

async function startRedis(config?: readonly string[]): Promise<{ redis: RedisProcess; client: Redis }> {
  const redis = await RedisProcess.launch(config);
  closeAfterTest(() => redis.close());
  const client = new Redis(redis.url, { retryStrategy: () => 20 });
  client.on('error', () => {}); // it reconnects
  closeAfterTest(() => client.disconnect());
  return { redis, client };
}

describeWhereInstalled(['redis-server'], 'RedisDeadLetterStore on a Redis', () => {
  it.each(['allkeys-lru', 'allkeys-random'])('refuses a Redis that may evict any key (%s)', async (policy) => {
    const { client } = await startRedis(['--maxmemory', '50mb', '--maxmemory-policy', policy]);
    const store = new RedisDeadLetterStore(client);
    await expect(store.add(deadLetter())).rejects.toThrow(`because its maxmemory-policy is ${policy}. Set noeviction`);
    await client.config('SET', 'maxmemory-policy', 'volatile-lru');
    expect(await store.add(deadLetter())).toMatch(/-/); // at once
    await client.config('SET', 'maxmemory-policy', policy);
    await client.config('SET', 'maxmemory', '0');
    expect(await new RedisDeadLetterStore(client).add(deadLetter())).toMatch(/-/);
  });

  it('accepts a Redis that does not permit INFO', async () => {
    const { client } = await startRedis();
    await client.call('ACL', 'SETUSER', 'default', '-info');
    expect(await new RedisDeadLetterStore(client).add(deadLetter())).toMatch(/-/);
  });

  it('fails on a full Redis, where earlier letters stay and can be replayed', async () => {
    const { client } = await startRedis(['--maxmemory', '4mb', '--maxmemory-policy', 'volatile-ttl']);
    const store = new RedisDeadLetterStore(client);
    const payload = Buffer.alloc(262_144, 'x');
    const ids: string[] = [];
    const fill = async (): Promise<void> => {
      while (ids.length < 40) ids.push(await store.add(deadLetter({ payload })));
    };
    await expect(fill()).rejects.toThrow(/OOM/);
    const { letters } = await store.list({}, { limit: 40 });
    expect(letters.map(({ id }) => id)).toEqual(ids);
    await client.config('SET', 'maxmemory', '8mb'); // a claim needs a few bytes
    expect(await store.claim(ids[0]!, 'a', LEASE_MS)).toMatchObject({ state: 'mine' });
    expect(await store.remove(ids[0]!, 'a')).toBe(true);
  });

  it('keeps letters, claims and replays over a restart, which clears the script cache', async () => {
    const { redis, client } = await startRedis();
    const store = new RedisDeadLetterStore(client);
    const [claimed, failed] = [await store.add(deadLetter()), await store.add(deadLetter())];
    await store.claim(claimed, 'a', LEASE_MS);
    await store.claim(failed, 'a', LEASE_MS);
    await store.release(failed, 'a', { reason: 'again', error: 'AgainError' });
    await redis.restart();
    expect(await store.claim(claimed, 'b', LEASE_MS)).toEqual({ state: 'claimed' });
    expect(await store.get(failed)).toMatchObject({ replays: 1, reason: 'again', error: 'AgainError' });
    expect(await store.remove(claimed, 'a')).toBe(true);
    expect((await store.list({}, { limit: 9 })).letters.map(({ id }) => id)).toEqual([failed]);
  });

  it('leaves no data of a removed letter', async () => {
    const { client } = await startRedis();
    const store = new RedisDeadLetterStore(client);
    const id = await store.add(deadLetter());
    await store.claim(id, 'a', LEASE_MS);
    await store.release(id, 'a', { reason: 'again', error: 'AgainError' });
    await store.claim(id, 'b', LEASE_MS);
    await store.remove(id, 'b');
    expect(await client.keys('*')).toEqual(['{mqtt:dead-letters}']); // an empty stream
    expect(await client.xlen('{mqtt:dead-letters}')).toBe(0);
  });

  it('refuses letters beyond maxLetters, and loses none', async () => {
    const { client } = await startRedis();
    const store = new RedisDeadLetterStore(client, { maxLetters: 2 });
    for (const topic of ['a', 'b']) await store.add(deadLetter({ topic }));
    await expect(store.add(deadLetter())).rejects.toThrow(
      'has reached maxLetters: 2 dead letters. Replay or discard some.',
    );
    expect((await store.list({}, { limit: 9 })).letters.map(({ topic }) => topic)).toEqual(['a', 'b']);
  });

  it('finds few letters among many, page by page', async () => {
    const { client } = await startRedis();
    const store = new RedisDeadLetterStore(client);
    await Promise.all(
      Array.from({ length: 700 }, (_, i) => store.add(deadLetter({ topic: i % 100 === 0 ? 'rare' : 'common' }))),
    );
    for (const newestFirst of [false, true]) {
      let found = 0;
      let from: string | undefined;
      do {
        const page = await store.list({ topic: 'rare' }, { limit: 2, from, newestFirst });
        found += page.letters.length;
        from = page.next;
      } while (from !== undefined);
      expect(found).toBe(7);
    }
  });

  it('measures leases by the clock of Redis', async () => {
    const { client } = await startRedis();
    await expect(measuresLeasesByItsOwnClock(await claims(new RedisDeadLetterStore(client)))).resolves.toBeUndefined();
  });

  it('rejects an invalid client', () => {
    expect(() => new RedisDeadLetterStore({} as never)).toThrow(
      /^RedisDeadLetterStore: .*neither call\(\) nor sendCommand\(\)/,
    );
  });
});
