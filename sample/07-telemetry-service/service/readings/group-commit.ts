interface Waiting<Row> {
  readonly row: Row;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes all rows of one turn of the event loop in one transaction, which costs the disk the same for one row as for a hundred. Each
 * handler waits for the transaction of its row, so that its message is acknowledged when the row is committed.
 */
export class GroupCommit<Row> {
  private group: Waiting<Row>[] = [];

  /** @param write writes all rows, or throws and writes none */
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
