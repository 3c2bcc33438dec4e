import type { SqlClient } from './sql-client.js';
import type { TableNames } from './tables.js';

/** Runs `effect`, unless it was committed under this key before; then returns the stored result. */
export async function effectOnce<T>(
  { effects }: TableNames,
  transaction: SqlClient,
  key: string,
  ttlMs: number,
  effect: () => Promise<T>,
): Promise<T> {
  // waits until another transaction with this key is committed or rolled back
  const { rows } = await transaction.query(
    `INSERT INTO ${effects} (key, until) VALUES ($1, clock_timestamp() + $2 * interval '1 millisecond')
ON CONFLICT (key) DO NOTHING RETURNING key`,
    [key, ttlMs],
  );
  if (rows.length === 0) return resultOf(effects, transaction, key);
  const result = await effect();
  const text = JSON.stringify(result) as string | undefined;
  if (text !== undefined) await transaction.query(`UPDATE ${effects} SET result = $2 WHERE key = $1`, [key, text]);
  return result;
}

async function resultOf<T>(effects: string, transaction: SqlClient, key: string): Promise<T> {
  const { rows } = await transaction.query(`SELECT result FROM ${effects} WHERE key = $1`, [key]);
  const { result } = rows[0] as { result: string | null };
  return (result === null ? undefined : JSON.parse(result)) as T;
}
