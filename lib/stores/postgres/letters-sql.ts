import type { DeadLetterFilter } from '../../protocol/dead-letter-store.js';
import { indexOf } from './tables.js';

const NOW = 'clock_timestamp()';
const ENDS = `${NOW} + $3::bigint * interval '1 millisecond'`;
const ROW = 'id::text AS id, letter, replays, reason, error';

/** Statements for one letter: its id is `$1`, its owner `$2`. They never wait for a locked row. */
export interface LettersSql {
  readonly add: string;
  readonly get: string;
  /** Returns `state`, and the letter if that is `mine`. */
  readonly claim: string;
  /** The others return `answer`: yes, no, or locked, which can be retried. */
  readonly renew: string;
  readonly release: string;
  readonly fail: string;
  readonly remove: string;
  /** The limit is appended to the values. */
  list(
    filter: DeadLetterFilter,
    from: string | undefined,
    newestFirst: boolean,
  ): { readonly text: string; readonly values: (string | number)[] };
}

export function lettersSql(table: string): LettersSql {
  const byOwner = (change: string): string => `WITH locked AS (
  SELECT id FROM ${table} WHERE id = $1::bigint AND owner = $2 FOR UPDATE SKIP LOCKED
), done AS (
  ${change} WHERE id IN (SELECT id FROM locked) RETURNING id
) SELECT CASE WHEN EXISTS (SELECT FROM done) THEN 'yes'
  WHEN EXISTS (SELECT FROM ${table} WHERE id = $1::bigint AND owner = $2) THEN 'locked' ELSE 'no' END AS answer`;
  return {
    add: `INSERT INTO ${table} (given_up, pattern, topic, error, reason, replays, letter)
VALUES (${timeOf('$1')}, $2, $3, $4, $5, $6, $7) RETURNING id::text AS id`,
    get: `SELECT ${ROW} FROM ${table} WHERE id = $1::bigint`,
    claim: `WITH free AS (
  SELECT id FROM ${table} WHERE id = $1::bigint FOR UPDATE SKIP LOCKED
), taken AS (
  UPDATE ${table} l SET owner = $2, until = ${ENDS}, replays = replays + CASE WHEN owner = $2 THEN 0 ELSE 1 END
  FROM free f WHERE l.id = f.id AND (l.owner IS NULL OR l.owner = $2 OR l.until <= ${NOW})
  RETURNING l.id::text AS id, letter, replays, reason, error
)
SELECT 'mine' AS state, * FROM taken
UNION ALL
SELECT CASE WHEN EXISTS (SELECT FROM ${table} WHERE id = $1::bigint) THEN 'claimed' ELSE 'unknown' END,
  NULL, NULL, NULL, NULL, NULL WHERE NOT EXISTS (SELECT FROM taken)`,
    renew: byOwner(`UPDATE ${table} SET until = ${ENDS}`),
    release: byOwner(`UPDATE ${table} SET owner = NULL, until = NULL, replays = replays - 1`),
    fail: byOwner(`UPDATE ${table} SET owner = NULL, until = NULL, reason = $3, error = $4`),
    remove: byOwner(`DELETE FROM ${table}`),
    list: ({ pattern, topic, error, since, before }, from, newestFirst) => {
      const values: (string | number)[] = [];
      const conditions: string[] = [];
      const given = (condition: (place: string) => string, value: string | number | undefined): void => {
        if (value === undefined) return;
        values.push(value);
        conditions.push(condition(`$${values.length}`));
      };
      given((place) => `pattern = ${place}`, pattern);
      given((place) => `topic = ${place}`, topic);
      given((place) => `error = ${place}`, error);
      given((place) => `given_up >= ${timeOf(place)}`, since === -Infinity ? undefined : since);
      given((place) => `given_up < ${timeOf(place)}`, before === Infinity ? undefined : before);
      given((place) => `id ${newestFirst ? '<' : '>'} ${place}::bigint`, from);
      const where = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : '';
      const order = newestFirst ? 'l.id DESC' : 'l.id'; // the column, not the selected text
      return { text: `SELECT ${ROW} FROM ${table} l${where} ORDER BY ${order} LIMIT $${values.length + 1}`, values };
    },
  };
}

function timeOf(milliseconds: string): string {
  return `to_timestamp(${milliseconds}::double precision / 1000)`;
}

/** One statement, which can run repeatedly and in several processes at once. */
export function lettersTableSql(table: string): string {
  return `DO $tables$ BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('${table}')); -- concurrent IF NOT EXISTS can fail
  CREATE TABLE IF NOT EXISTS ${table} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    given_up timestamptz NOT NULL,
    pattern text NOT NULL,
    topic text NOT NULL,
    error text,
    reason text NOT NULL,
    replays integer NOT NULL,
    letter text NOT NULL, -- JSON
    owner text, -- of the claim
    until timestamptz
  );
  CREATE INDEX IF NOT EXISTS ${indexOf(table, 'pattern')} ON ${table} (pattern, id);
END $tables$`;
}
