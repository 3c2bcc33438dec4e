import type { OutgoingMessage } from '../../protocol/application-message.js';
import type { Claim, DeduplicationStore } from '../../protocol/deduplication-store.js';
import { readReplies, writeReplies } from '../stored-replies.js';
import { Batch } from './batch.js';
import { claimsSql, sweepSql } from './claims-sql.js';
import { effectOnce } from './once.js';
import type { SqlClient } from './sql-client.js';
import { tableNames, tablesSql, type TableNames } from './tables.js';

/** Options of {@link PostgresDeduplicationStore}. */
export interface PostgresDeduplicationOptions {
  /** Prefix of the tables' names, optionally with a schema: `'app.mqtt_'`. Default `'mqtt_'`. */
  prefix?: string;
}

interface Item {
  readonly key: string;
  readonly owner: string;
  /** Lease or time to live. */
  readonly ms?: number;
  readonly replies?: string;
}

type Answer = 'yes' | 'no' | 'locked';

/** Interval of retries while a row is locked. */
const LOCK_RETRY_MS = 50;
const LOCK_TIMEOUT_MS = 5_000;
/** Interval at which expired rows are deleted, and rows per statement. */
const SWEEP_EVERY_MS = 10_000;
const SWEEP_BATCH = 1_000;
const WEEK_MS = 7 * 86_400_000;

/**
 * Records in PostgreSQL which messages are running or handled, for several processes. Concurrent calls are batched into one statement.
 * The application creates and closes the client, such as a pool. In a transaction, use {@link once}.
 *
 * @example
 * ```ts
 * const store = new PostgresDeduplicationStore(new Pool());
 * await store.createTables(); // or PostgresDeduplicationStore.sql() in a migration
 *
 * @EventPattern('orders/created', { qos: 1, shared: 'billing', deduplicate: { key: ({ data }) => (data as Order).id, store } })
 * ```
 */
export class PostgresDeduplicationStore implements DeduplicationStore {
  private readonly tables: TableNames;
  private readonly claims: Batch<Item, Claim>;
  private readonly renewals: Batch<Item, Answer>;
  private readonly completions: Batch<Item, Answer>;
  private readonly releases: Batch<Item, Answer>;
  private nextSweep = 0;

  /** @throws TypeError when the prefix is invalid */
  constructor(
    private readonly client: SqlClient,
    { prefix = 'mqtt_' }: PostgresDeduplicationOptions = {},
  ) {
    this.tables = tableNames(prefix);
    const sql = claimsSql(this.tables);
    this.claims = new Batch((items) => this.runClaims(sql.claim, items));
    this.renewals = new Batch((items) => this.run(sql.renew, items));
    this.completions = new Batch((items) => this.run(sql.complete, items));
    this.releases = new Batch((items) => this.run(sql.release, items));
  }

  /**
   * Returns the SQL that creates the tables, as one statement for migrations. It can run repeatedly.
   *
   * @throws TypeError when the prefix is invalid
   */
  static sql({ prefix = 'mqtt_' }: PostgresDeduplicationOptions = {}): string {
    return tablesSql(tableNames(prefix));
  }

  /** Creates the tables if they do not exist. */
  async createTables(): Promise<void> {
    await this.client.query(tablesSql(this.tables));
  }

  /**
   * Exactly one effect: runs `effect` in a transaction of the application, unless it was committed under this key before. The key and
   * the effect are committed together, so a crash leaves both or none. A call waits while another transaction has the key. `effect` must
   * do all of its work in the same transaction. `once()` works with and without `deduplicate`.
   *
   * @param transaction a client on which `BEGIN` has been run (READ COMMITTED, the default of PostgreSQL)
   * @param key identifies the effect across all handlers
   * @param effect its result is stored as JSON
   * @param ttl milliseconds for which the key is kept. Default: a week
   * @returns the result of `effect`, or the stored result after a JSON round trip
   *
   * @example
   * ```ts
   * await client.query('BEGIN');
   * const receipt = await store.once(client, `order ${order.id}`, () => book(client, order));
   * await client.query('COMMIT'); // or ROLLBACK if an error was thrown
   * ```
   */
  once<T>(transaction: SqlClient, key: string, effect: () => Promise<T>, ttl = WEEK_MS): Promise<T> {
    this.sweepIfDue();
    return effectOnce(this.tables, transaction, key, ttl, effect);
  }

  claim(key: string, owner: string, leaseMs: number): Promise<Claim> {
    this.sweepIfDue();
    return this.claims.add({ key, owner, ms: leaseMs });
  }

  renew(key: string, owner: string, leaseMs: number): Promise<boolean> {
    return untilUnlocked(this.renewals, { key, owner, ms: leaseMs });
  }

  complete(key: string, owner: string, replies: readonly OutgoingMessage[], ttlMs: number): Promise<boolean> {
    const text = writeReplies(replies);
    return untilUnlocked(this.completions, { key, owner, ms: ttlMs, replies: text }, text.length);
  }

  async release(key: string, owner: string): Promise<void> {
    await untilUnlocked(this.releases, { key, owner });
  }

  private async runClaims(sql: string, items: readonly Item[]): Promise<Claim[]> {
    const rows = await this.rowsOf<{ mine: boolean; replies: string | null }>(sql, items);
    return rows.map(({ mine, replies }): Claim => {
      if (mine) return { state: 'mine' };
      return replies === null ? { state: 'running' } : { state: 'done', replies: readReplies(replies) };
    });
  }

  private async run(sql: string, items: readonly Item[]): Promise<Answer[]> {
    const rows = await this.rowsOf<{ answer: Answer }>(sql, items);
    return rows.map(({ answer }) => answer);
  }

  /** @returns rows in the order of the items */
  private async rowsOf<Row>(sql: string, items: readonly Item[]): Promise<readonly Row[]> {
    const { rows } = await this.client.query(sql, [JSON.stringify(items.map((item, n) => ({ n, ...item })))]);
    return rows as readonly Row[];
  }

  private sweepIfDue(): void {
    const now = performance.now();
    if (now < this.nextSweep) return;
    this.nextSweep = now + SWEEP_EVERY_MS;
    void this.sweep();
  }

  private async sweep(): Promise<void> {
    try {
      for (const table of [this.tables.claims, this.tables.effects]) {
        const sql = sweepSql(table, SWEEP_BATCH);
        for (let swept = SWEEP_BATCH; swept === SWEEP_BATCH;) swept = (await this.client.query(sql)).rows.length;
      }
    } catch {
      // the next sweep deletes the rows; a claim that fails meanwhile reports the problem
    }
  }
}

async function untilUnlocked(batch: Batch<Item, Answer>, item: Item, bytes?: number): Promise<boolean> {
  const deadline = performance.now() + LOCK_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const answer = await batch.add(item, bytes);
    if (answer !== 'locked') return answer === 'yes';
    await new Promise<void>((resolve) => void setTimeout(resolve, LOCK_RETRY_MS).unref());
  }
  throw new Error(`a transaction has locked the row of the claim for more than ${LOCK_TIMEOUT_MS} ms`);
}
