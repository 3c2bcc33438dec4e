interface Waiting<Row> {
  readonly row: Row;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes what comes in one turn of the event loop at once: a transaction costs the disk the same for one row and for a hundred. Each
 * handler waits for the transaction that its row is in, so that its message is acknowledged when the row is safe.
 */
export class GroupCommit<Row> {
  private group: Waiting<Row>[] = [];

  /** @param write writes all of the rows, or throws and writes none */
  constructor(private readonly write: (rows: readonly Row[]) => void) {}

  add(row: Row): Promise<void> {
    if (this.group.length === 0) setImmediate(() => this.commit());
    return new Promise((resolve, reject) => {
      this.group.push({ row, resolve, reject });
    });
  }

  private commit(): void {
    const { group } = this;
    this.group = [];
    try {
      this.write(group.map(({ row }) => row));
    } catch (error) {
      for (const { reject } of group) reject(error);
      return;
    }
    for (const { resolve } of group) resolve();
  }
}
