/**
 * What is needed of a client of PostgreSQL: a `Pool` or a `Client` of `pg` is one, and so is anything else with such a method, for
 * example `{ query: (text, values) => dataSource.query(text, values).then((rows) => ({ rows })) }`.
 */
export interface SqlClient {
  /**
   * Runs one statement.
   *
   * @param values of `$1`, `$2`, ...: texts and numbers only
   */
  query(text: string, values?: (string | number | null)[]): Promise<{ readonly rows: readonly unknown[] }>;
}
