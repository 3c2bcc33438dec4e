/** Names of the tables, which are inserted into SQL without quotes. */
export interface TableNames {
  readonly claims: string;
  readonly effects: string;
}

const PREFIX = /^([a-z_][a-z0-9_]{0,62}\.)?[a-z_][a-z0-9_]{0,39}$/;

/** @param store for the error message @throws TypeError when the prefix is not safe in SQL */
export function assertPrefix(prefix: string, store: string): void {
  if (typeof prefix !== 'string' || !PREFIX.test(prefix))
    throw new TypeError(
      `${store}: the prefix ${JSON.stringify(prefix)} is not a valid prefix of a table name. Use at most 40 lower-case letters, digits and _, optionally after a schema and a dot.`,
    );
}

/** @throws TypeError when the prefix is not safe in SQL */
export function tableNames(prefix: string): TableNames {
  assertPrefix(prefix, 'PostgresDeduplicationStore');
  return { claims: `${prefix}claims`, effects: `${prefix}effects` };
}

/** One statement, which can run repeatedly and in several processes at once. */
export function tablesSql({ claims, effects }: TableNames): string {
  return `DO $tables$ BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('${claims}')); -- concurrent IF NOT EXISTS can fail
  CREATE TABLE IF NOT EXISTS ${claims} (
    key text PRIMARY KEY,
    owner text NOT NULL,
    replies text, -- null while the handler runs
    until timestamptz NOT NULL
  );
  CREATE INDEX IF NOT EXISTS ${indexOf(claims)} ON ${claims} (until);
  CREATE TABLE IF NOT EXISTS ${effects} (
    key text PRIMARY KEY,
    result text,
    until timestamptz NOT NULL
  );
  CREATE INDEX IF NOT EXISTS ${indexOf(effects)} ON ${effects} (until);
END $tables$`;
}

/** Name of an index, without the schema: an index is always in the schema of its table. */
export function indexOf(table: string, column = 'until'): string {
  return `${table.slice(table.indexOf('.') + 1)}_${column}`;
}
