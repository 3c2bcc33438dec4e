/**
 * A PostgreSQL client: a `Pool` or a `Client` of `pg`, or any object with such a method, for example
 * `{ query: (text, values) => dataSource.query(text, values).then((rows) => ({ rows })) }`.
 */
export interface SqlClient {
  /**
   * Runs one statement.
   *
   * @param values of `$1`, `$2`, ...
   */
  query(text: string, values?: (string | number | null)[]): Promise<{ readonly rows: readonly unknown[] }>;
}
