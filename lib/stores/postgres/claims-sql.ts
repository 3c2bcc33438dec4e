import type { TableNames } from './tables.js';

/** All items as one text parameter, which every driver supports. Several items may have the same key. */
const INPUT = `input AS MATERIALIZED (
  SELECT * FROM json_to_recordset($1::json) AS i(n int, key text, owner text, ms bigint, replies text)
)`;
const NOW = 'clock_timestamp()';
const ENDS = `${NOW} + i.ms * interval '1 millisecond'`;

/**
 * Statements for many keys at once. They skip locked rows, so that one row does not block the others, and insert in sorted order, so
 * that two statements cannot deadlock.
 */
export interface ClaimsSql {
  /** Returns `mine`, and `replies` if they are stored, in the order of the items. */
  readonly claim: string;
  /** The others return `answer`: yes, no, or locked, which can be retried. */
  readonly renew: string;
  readonly complete: string;
  readonly release: string;
}

export function claimsSql({ claims }: TableNames): ClaimsSql {
  const own = `${INPUT}, locked AS (
  SELECT c.key, c.owner FROM ${claims} c JOIN input i ON c.key = i.key AND c.owner = i.owner
  WHERE c.replies IS NULL FOR UPDATE OF c SKIP LOCKED
)`;
  const ofOwn = `FROM input i JOIN locked l ON l.key = i.key AND l.owner = i.owner WHERE c.key = i.key
  RETURNING c.key, c.owner`;
  /** A missing row means that the lease has ended and no other owner has claimed the key since. */
  const restored = (replies: string): string => `restored AS (
  INSERT INTO ${claims} (key, owner, replies, until)
  SELECT i.key, i.owner, ${replies}, ${ENDS} FROM input i
  WHERE NOT EXISTS (SELECT FROM ${claims} c WHERE c.key = i.key) ORDER BY i.key
  ON CONFLICT (key) DO NOTHING RETURNING key, owner
)`;
  const answers = (done: string): string => `SELECT CASE
  WHEN ${done} THEN 'yes' WHEN c.owner = i.owner AND c.replies IS NULL THEN 'locked' ELSE 'no' END AS answer
FROM input i LEFT JOIN updated u USING (key, owner) LEFT JOIN ${claims} c ON c.key = i.key`;
  const update = (values: string, replies: string): string => `WITH ${own}, updated AS (
  UPDATE ${claims} c SET ${values} ${ofOwn}
), ${restored(replies)} ${answers('u.key IS NOT NULL OR r.key IS NOT NULL')}
LEFT JOIN restored r ON r.key = i.key AND r.owner = i.owner ORDER BY i.n`;
  return {
    claim: `WITH ${INPUT}, free AS (
  SELECT c.key, i.owner FROM ${claims} c JOIN input i ON c.key = i.key
  WHERE c.until <= ${NOW} OR (c.owner = i.owner AND c.replies IS NULL) FOR UPDATE OF c SKIP LOCKED
), taken AS (
  UPDATE ${claims} c SET owner = i.owner, replies = NULL, until = ${ENDS}
  FROM input i JOIN free f ON f.key = i.key AND f.owner = i.owner WHERE c.key = i.key RETURNING c.key, c.owner
), inserted AS (
  INSERT INTO ${claims} (key, owner, until)
  SELECT i.key, i.owner, ${ENDS} FROM input i ORDER BY i.key
  ON CONFLICT (key) DO NOTHING RETURNING key, owner
)
SELECT t.key IS NOT NULL OR n.key IS NOT NULL AS mine, CASE WHEN c.until > ${NOW} THEN c.replies END AS replies
FROM input i LEFT JOIN taken t USING (key, owner) LEFT JOIN inserted n USING (key, owner)
LEFT JOIN ${claims} c ON c.key = i.key ORDER BY i.n`,
    renew: update(`until = ${ENDS}`, 'NULL'),
    complete: update(`replies = i.replies, until = ${ENDS}`, 'i.replies'),
    release: `WITH ${own}, updated AS (
  DELETE FROM ${claims} c USING locked l WHERE c.key = l.key RETURNING c.key, c.owner
) ${answers('u.key IS NOT NULL')} ORDER BY i.n`,
  };
}

/** Deletes expired rows, in small batches so that other statements do not wait. */
export function sweepSql(table: string, limit: number): string {
  return `DELETE FROM ${table} WHERE key IN (
  SELECT key FROM ${table} WHERE until <= ${NOW} ORDER BY until LIMIT ${limit} FOR UPDATE SKIP LOCKED
) RETURNING 1`;
}
