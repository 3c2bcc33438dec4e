import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Pool } from 'pg';
import { PostgresDeduplicationStore, type SqlClient } from '../../../lib/stores/index.js';
import { closeAfterTest } from '../../support/closing.js';
import { within } from '../../support/deadline.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { postgresPool } from '../../support/postgres-pool.js';
import { PostgresProcess } from '../../support/postgres-process.js';
import { claimsOf, measuresLeasesByItsOwnClock } from '../../support/store-cases.js';

const LEASE_MS = 60_000;
const START_MS = 60_000;

async function book(client: SqlClient, id: string): Promise<{ receipt: string }> {
  await client.query('INSERT INTO booked (id) VALUES ($1)', [id]);
  return { receipt: `of ${id}` };
}

describeWhereInstalled(['postgres', 'initdb'], 'PostgresDeduplicationStore on a PostgreSQL', () => {
  let postgres: PostgresProcess;
  let pool: Pool;
  let store: PostgresDeduplicationStore;
  beforeAll(async () => void (postgres = await PostgresProcess.launch()), START_MS);
  afterAll(() => postgres.close());

  beforeEach(async () => {
    pool = postgresPool(postgres);
    const opened = pool;
    closeAfterTest(() => opened.end());
    store = new PostgresDeduplicationStore(pool);
    await pool.query('DROP TABLE IF EXISTS mqtt_claims, mqtt_effects, booked');
    await store.createTables();
    await pool.query('CREATE TABLE booked (id text)');
  });
  afterEach(() => void jest.restoreAllMocks());

  /** Runs `work` in a transaction, as an application does. */
  async function transaction<T>(work: (client: SqlClient) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  }

  const booked = async (): Promise<number> => (await pool.query('SELECT FROM booked')).rows.length;

  it('creates its tables, also concurrently, and in a schema', async () => {
    await pool.query('DROP TABLE mqtt_claims, mqtt_effects');
    await Promise.all(Array.from({ length: 8 }, () => store.createTables()));
    await pool.query('CREATE SCHEMA IF NOT EXISTS app');
    const inSchema = new PostgresDeduplicationStore(pool, { prefix: 'app.mq_' });
    await pool.query(PostgresDeduplicationStore.sql({ prefix: 'app.mq_' }));
    expect(await inSchema.claim('a', 'one', LEASE_MS)).toEqual({ state: 'mine' });
    expect((await pool.query('SELECT key FROM app.mq_claims')).rows).toEqual([{ key: 'a' }]);
  });

  it.each(['', 'Mqtt_', 'a b', 'a.b.c', 'x"; DROP TABLE y; --', 7])('refuses the prefix %j', (prefix) => {
    expect(() => new PostgresDeduplicationStore(pool, { prefix: prefix as string })).toThrow(/is not a valid prefix/);
  });

  it('batches concurrent calls into few statements', async () => {
    const query = jest.fn((text: string, values?: (string | number | null)[]) => pool.query(text, values));
    const batching = new PostgresDeduplicationStore({ query });
    await batching.claim('first, which sweeps', 'one', LEASE_MS);
    query.mockClear();
    const keys = Array.from({ length: 400 }, (_, i) => `key ${i}`);
    await Promise.all(keys.map((key) => batching.claim(key, 'one', LEASE_MS)));
    await Promise.all(keys.map((key) => batching.complete(key, 'one', [], LEASE_MS)));
    expect(query.mock.calls.length).toBe(2);
  });

  it('skips a locked row: the message is running, and no call waits', async () => {
    await store.claim('locked', 'one', 1);
    await sleep(20); // the lease ends; only the lock remains
    const locker = await pool.connect();
    await locker.query('BEGIN');
    await locker.query("SELECT FROM mqtt_claims WHERE key = 'locked' FOR UPDATE");
    const claims = await Promise.all(['locked', 'another'].map((key) => store.claim(key, 'two', LEASE_MS)));
    expect(claims).toEqual([{ state: 'running' }, { state: 'mine' }]);
    const locked = store.complete('locked', 'one', [], LEASE_MS);
    expect(await store.complete('another', 'two', [], LEASE_MS)).toBe(true);
    await locker.query('COMMIT');
    locker.release();
    expect(await locked).toBe(true);
  });

  it('fails if a row stays locked', async () => {
    await store.claim('locked', 'one', LEASE_MS);
    const locker = await pool.connect();
    await locker.query('BEGIN');
    await locker.query("SELECT FROM mqtt_claims WHERE key = 'locked' FOR UPDATE");
    await expect(store.complete('locked', 'one', [], LEASE_MS)).rejects.toThrow(
      /has locked the row of the claim for more than 5000 ms/,
    );
    await locker.query('COMMIT');
    locker.release();
  });

  it('fails while the server is down, and recovers after its restart', async () => {
    await store.claim('a', 'one', LEASE_MS);
    await store.complete('a', 'one', [], LEASE_MS);
    await store.claim('b', 'one', LEASE_MS);
    const restarting = postgres.restart();
    const failing = (async () => {
      for (;;) await store.claim('b', 'one', LEASE_MS);
    })();
    await expect(failing).rejects.toThrow(/terminat|ECONN|connect|starting up|shutting down/i);
    await restarting;
    expect(await store.claim('a', 'two', LEASE_MS)).toEqual({ state: 'done', replies: [] });
    expect(await store.claim('b', 'two', LEASE_MS)).toEqual({ state: 'running' });
    expect(await store.complete('b', 'one', [], LEASE_MS)).toBe(true);
  });

  it('measures leases by the clock of PostgreSQL, not of the process', async () => {
    await expect(measuresLeasesByItsOwnClock(claimsOf(store))).resolves.toBeUndefined();
  });

  it('deletes any number of expired rows', async () => {
    await pool.query(
      `INSERT INTO mqtt_claims SELECT 'old ' || i, 'one', '[]', now() FROM generate_series(1, 2500) i;
       INSERT INTO mqtt_effects SELECT 'old ' || i, NULL, now() FROM generate_series(1, 2500) i`,
    );
    await new PostgresDeduplicationStore(pool).claim('new', 'one', LEASE_MS); // the first claim sweeps, then one every 10 seconds
    const left = async (): Promise<number> => {
      const { rows } = await pool.query<{ n: number }>(
        'SELECT ((SELECT count(*) FROM mqtt_claims) + (SELECT count(*) FROM mqtt_effects))::int AS n',
      );
      return rows[0]!.n;
    };
    const swept = (async () => {
      while ((await left()) > 1);
    })();
    await within(swept, 'the old rows to go');
    expect((await pool.query('SELECT key FROM mqtt_claims')).rows).toEqual([{ key: 'new' }]);
  });

  describe('once()', () => {
    it('has one effect, and returns its result again', async () => {
      const results: unknown[] = [];
      for (let i = 0; i < 3; i++) results.push(await transaction((sql) => store.once(sql, 'a', () => book(sql, 'a'))));
      expect(results).toEqual(Array.from({ length: 3 }, () => ({ receipt: 'of a' })));
      expect(await booked()).toBe(1);
    });

    it('has one effect for concurrent calls', async () => {
      const results = await Promise.all(
        Array.from({ length: 8 }, () => transaction((sql) => store.once(sql, 'a', () => book(sql, 'a')))),
      );
      expect(results).toEqual(Array.from({ length: 8 }, () => ({ receipt: 'of a' })));
      expect(await booked()).toBe(1);
    });

    it('leaves no data when the effect or its transaction fails', async () => {
      const failing = transaction((sql) =>
        store.once(sql, 'a', async () => {
          await book(sql, 'a');
          throw new Error('out of stock');
        }),
      );
      await expect(failing).rejects.toThrow('out of stock');
      const late = transaction(async (sql) => {
        await store.once(sql, 'a', () => book(sql, 'a'));
        throw new Error('and then');
      });
      await expect(late).rejects.toThrow('and then');
      expect(await booked()).toBe(0);
      await transaction((sql) => store.once(sql, 'a', () => book(sql, 'a')));
      expect(await booked()).toBe(1);
    });

    it.each([undefined, null, 0, '', [1, { a: 'ä\n\0' }]])('returns %j again unchanged', async (value) => {
      const run = (): Promise<unknown> => transaction((sql) => store.once(sql, 'a', () => Promise.resolve(value)));
      expect([await run(), await run()]).toEqual([value, value]);
    });
  });
});
