import { DeadLetterError } from '../../errors/dead-letter.error.js';
import { readDeadLetterJson, writeDeadLetter } from '../../protocol/dead-letter-json.js';
import type {
  DeadLetterClaim,
  DeadLetterFailure,
  DeadLetterFilter,
  DeadLetterPage,
  DeadLetterRange,
  DeadLetterStore,
} from '../../protocol/dead-letter-store.js';
import type { DeadLetter, KeptDeadLetter } from '../../protocol/dead-letter.js';
import { lettersSql, lettersTableSql, type LettersSql } from './letters-sql.js';
import type { SqlClient } from './sql-client.js';
import { assertPrefix } from './tables.js';

/** Options of {@link PostgresDeadLetterStore}. */
export interface PostgresDeadLetterOptions {
  /** Prefix of the table's name, optionally with a schema: `'app.mqtt_'`. Default `'mqtt_'`. */
  prefix?: string;
  /** Maximum number of letters; further ones are refused. They are counted every ten seconds. Default 1_000_000. */
  maxLetters?: number;
}

interface Row {
  readonly id: string;
  readonly letter: string;
  readonly replays: number;
  readonly reason: string;
  readonly error: string | null;
}

type Answer = 'yes' | 'no' | 'locked';

const DEFAULT_PREFIX = 'mqtt_';
const DEFAULT_MAX_LETTERS = 1_000_000;
const COUNT_EVERY_MS = 10_000;
/** Interval of retries while a row is locked. */
const LOCK_RETRY_MS = 50;
const LOCK_TIMEOUT_MS = 5_000;
/** Format of an id: PostgreSQL would throw for any text that is not a bigint. */
const ID = /^[1-9]\d{0,17}$/;

/**
 * Keeps dead letters in a PostgreSQL table, `mqtt_dead_letters`, which several processes can share. Concurrent replays share the work
 * and do not wait for each other's locks. The application creates and closes the client, such as a pool.
 *
 * @example
 * ```ts
 * const store = new PostgresDeadLetterStore(new Pool());
 * await store.createTables(); // or PostgresDeadLetterStore.sql() in a migration
 *
 * MqttModule.forRoot({ url: 'mqtt://localhost', deadLetters: { store } })
 * ```
 */
export class PostgresDeadLetterStore implements DeadLetterStore {
  private readonly table: string;
  private readonly sql: LettersSql;
  private readonly maxLetters: number;
  private known = 0;
  private nextCount = 0;

  /** @throws TypeError when the prefix is invalid */
  constructor(
    private readonly client: SqlClient,
    { prefix = DEFAULT_PREFIX, maxLetters = DEFAULT_MAX_LETTERS }: PostgresDeadLetterOptions = {},
  ) {
    this.table = tableOf(prefix);
    this.sql = lettersSql(this.table);
    this.maxLetters = maxLetters;
  }

  /**
   * Returns the SQL that creates the table, as one statement for migrations. It can run repeatedly.
   *
   * @throws TypeError when the prefix is invalid
   */
  static sql({ prefix = DEFAULT_PREFIX }: Pick<PostgresDeadLetterOptions, 'prefix'> = {}): string {
    return lettersTableSql(tableOf(prefix));
  }

  /** Creates the table if it does not exist. */
  async createTables(): Promise<void> {
    await this.client.query(lettersTableSql(this.table));
  }

  async add(letter: DeadLetter): Promise<string> {
    await this.refuseWhenFull();
    const { time, pattern, topic, error, reason, replays } = letter;
    const values = [time, pattern, topic, error ?? null, reason, replays, writeDeadLetter(letter)];
    const [row] = await this.rowsOf<{ id: string }>(this.sql.add, values);
    this.known++;
    return row!.id;
  }

  async get(id: string): Promise<KeptDeadLetter | undefined> {
    if (!ID.test(id)) return undefined;
    const [row] = await this.rowsOf<Row>(this.sql.get, [id]);
    return row && letterOf(row);
  }

  async list(filter: DeadLetterFilter, { limit, from, newestFirst = false }: DeadLetterRange): Promise<DeadLetterPage> {
    if (from !== undefined && !ID.test(from))
      throw new TypeError(`"${from}" is not a position in the list. Give next of the previous page.`);
    const { text, values } = this.sql.list(filter, from, newestFirst);
    const rows = await this.rowsOf<Row>(text, [...values, limit]);
    return { letters: rows.map(letterOf), next: rows.length === limit ? rows.at(-1)?.id : undefined };
  }

  async claim(id: string, owner: string, leaseMs: number): Promise<DeadLetterClaim> {
    if (!ID.test(id)) return { state: 'unknown' };
    const [row] = await this.rowsOf<Row & { state: DeadLetterClaim['state'] }>(this.sql.claim, [id, owner, leaseMs]);
    return row!.state === 'mine' ? { state: 'mine', letter: letterOf(row!) } : { state: row!.state };
  }

  renew(id: string, owner: string, leaseMs: number): Promise<boolean> {
    return this.untilUnlocked(this.sql.renew, id, owner, leaseMs);
  }

  async release(id: string, owner: string, failure?: DeadLetterFailure): Promise<void> {
    if (failure) await this.untilUnlocked(this.sql.fail, id, owner, failure.reason, failure.error ?? null);
    else await this.untilUnlocked(this.sql.release, id, owner);
  }

  async remove(id: string, owner: string): Promise<boolean> {
    const removed = await this.untilUnlocked(this.sql.remove, id, owner);
    if (removed) this.known--;
    return removed;
  }

  private async untilUnlocked(
    sql: string,
    id: string,
    owner: string,
    ...values: (string | number | null)[]
  ): Promise<boolean> {
    if (!ID.test(id)) return false;
    const deadline = performance.now() + LOCK_TIMEOUT_MS;
    while (performance.now() < deadline) {
      const [row] = await this.rowsOf<{ answer: Answer }>(sql, [id, owner, ...values]);
      if (row!.answer !== 'locked') return row!.answer === 'yes';
      await new Promise<void>((resolve) => void setTimeout(resolve, LOCK_RETRY_MS));
    }
    throw new Error(`a transaction has locked the row of dead letter ${id} for more than ${LOCK_TIMEOUT_MS} ms`);
  }

  private async refuseWhenFull(): Promise<void> {
    const now = performance.now();
    if (now >= this.nextCount) {
      this.nextCount = now + COUNT_EVERY_MS;
      const [row] = await this.rowsOf<{ count: number | string }>(
        `SELECT count(*)::int AS count FROM ${this.table}`,
        [],
      );
      this.known = Number(row!.count);
    }
    if (this.known >= this.maxLetters)
      throw new DeadLetterError(
        'full',
        `${this.table} has ${this.known} dead letters, and maxLetters is ${this.maxLetters}. Replay or discard some.`,
      );
  }

  private async rowsOf<T>(text: string, values: (string | number | null)[]): Promise<readonly T[]> {
    const { rows } = await this.client.query(text, values);
    return rows as readonly T[];
  }
}

function tableOf(prefix: string): string {
  assertPrefix(prefix, 'PostgresDeadLetterStore');
  return `${prefix}dead_letters`;
}

/** Fields that replays change have their own columns. */
function letterOf({ id, letter, replays, reason, error }: Row): KeptDeadLetter {
  return { ...readDeadLetterJson(letter), replays, reason, error: error ?? undefined, id };
}
