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
  /** Beginning of the tables' names, with a schema if need be: `'app.mqtt_'`. Default `'mqtt_'`. */
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

/** How long a row that somebody has locked is left alone before it is tried again. */
const LOCKED_MS = 50;
const LOCKED_PATIENCE_MS = 5_000;
/** How often rows whose time is over are removed, and how many with one statement. */
const SWEEP_EVERY_MS = 10_000;
const SWEPT_AT_ONCE = 1_000;
const WEEK_MS = 7 * 86_400_000;

/**
 * Keeps in PostgreSQL which messages run and have been handled: for several processes. What is asked for at the same time goes in one
 * statement. The client, a pool, is the application's, and is not closed here; with a transaction, use {@link once}.
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

  /** @throws TypeError when the prefix is no beginning of a name */
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
   * The tables as SQL, one statement, for the application's migrations. It may run again.
   *
   * @throws TypeError when the prefix is no beginning of a name
   */
  static sql({ prefix = 'mqtt_' }: PostgresDeduplicationOptions = {}): string {
    return tablesSql(tableNames(prefix));
  }

  /** Makes the tables, where they are missing. */
  async createTables(): Promise<void> {
    await this.client.query(tablesSql(this.tables));
  }

  /**
   * Exactly one effect: runs `effect` in a transaction of the application's, unless it has been committed under this key before. The
   * key is written with the effect, or not at all: a crash at any moment leaves both or none. Who comes while another transaction has
   * the key waits for it. `effect` must do all of its work with the same transaction; it works with and without `deduplicate`.
   *
   * @param transaction a client on which `BEGIN` has been run (READ COMMITTED, the default of PostgreSQL)
   * @param key by which the effect is known, over all handlers
   * @param effect its result is kept as JSON
   * @param ttl milliseconds for which the key is kept. Default: a week
   * @returns the result, of now or of then; of then as JSON had it
   *
   * @example
   * ```ts
   * await client.query('BEGIN');
   * const receipt = await store.once(client, `order ${order.id}`, () => book(client, order));
   * await client.query('COMMIT'); // and ROLLBACK when anything was thrown
   * ```
   */
  once<T>(transaction: SqlClient, key: string, effect: () => Promise<T>, ttl = WEEK_MS): Promise<T> {
    this.sweepNowAndThen();
    return effectOnce(this.tables, transaction, key, ttl, effect);
  }

  claim(key: string, owner: string, leaseMs: number): Promise<Claim> {
    this.sweepNowAndThen();
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

  /** In the order of the items. */
  private async rowsOf<Row>(sql: string, items: readonly Item[]): Promise<readonly Row[]> {
    const { rows } = await this.client.query(sql, [JSON.stringify(items.map((item, n) => ({ n, ...item })))]);
    return rows as readonly Row[];
  }

  private sweepNowAndThen(): void {
    const now = performance.now();
    if (now < this.nextSweep) return;
    this.nextSweep = now + SWEEP_EVERY_MS;
    void this.sweep();
  }

  private async sweep(): Promise<void> {
    try {
      for (const table of [this.tables.claims, this.tables.effects]) {
        const sql = sweepSql(table, SWEPT_AT_ONCE);
        for (let swept = SWEPT_AT_ONCE; swept === SWEPT_AT_ONCE;) swept = (await this.client.query(sql)).rows.length;
      }
    } catch {
      // what is claimed meanwhile fails too, and is heard of; the rows are removed another time
    }
  }
}

async function untilUnlocked(batch: Batch<Item, Answer>, item: Item, bytes?: number): Promise<boolean> {
  const deadline = performance.now() + LOCKED_PATIENCE_MS;
  while (performance.now() < deadline) {
    const answer = await batch.add(item, bytes);
    if (answer !== 'locked') return answer === 'yes';
    await new Promise<void>((resolve) => void setTimeout(resolve, LOCKED_MS).unref());
  }
  throw new Error(`a transaction has had the row of the claim locked for more than ${LOCKED_PATIENCE_MS} ms`);
}
