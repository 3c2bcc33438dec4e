/** Names of the tables, which go into SQL as they are. */
export interface TableNames {
  readonly claims: string;
  readonly effects: string;
}

const PREFIX = /^([a-z_][a-z0-9_]{0,62}\.)?[a-z_][a-z0-9_]{0,39}$/;

/** @param store that is given the prefix @throws TypeError when it could be something else than the beginning of a name */
export function assertPrefix(prefix: string, store: string): void {
  if (typeof prefix !== 'string' || !PREFIX.test(prefix))
    throw new TypeError(
      `${store}: the prefix ${JSON.stringify(prefix)} is no beginning of a table's name. Use small letters, digits and _, at most 40, after a schema and a dot if need be.`,
    );
}

/** @throws TypeError when `prefix` could be something else than the beginning of a name */
export function tableNames(prefix: string): TableNames {
  assertPrefix(prefix, 'PostgresDeduplicationStore');
  return { claims: `${prefix}claims`, effects: `${prefix}effects` };
}

/** One statement, which may run again, and at the same time in several processes. */
export function tablesSql({ claims, effects }: TableNames): string {
  return `DO $tables$ BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('${claims}')); -- IF NOT EXISTS alone fails when two do it at once
  CREATE TABLE IF NOT EXISTS ${claims} (
    key text PRIMARY KEY,
    owner text NOT NULL,
    replies text, -- null while the owner works on it
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

/** An index is made in the schema of its table, and named without it. */
export function indexOf(table: string, column = 'until'): string {
  return `${table.slice(table.indexOf('.') + 1)}_${column}`;
}
