import { ENCODINGS, type LevelClient, type LevelOperation } from './level-client.js';

interface Write {
  readonly operation: LevelOperation;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes in the order of the calls: LevelDB does not order concurrent operations. Operations that arrive during a write go into the next
 * batch.
 */
export class WriteQueue {
  private waiting: Write[] = [];
  private writing: Promise<void> | undefined;

  constructor(
    private readonly db: LevelClient,
    private readonly sync: boolean,
  ) {}

  /** Resolves when the operation is written. */
  add(operation: LevelOperation): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ operation, resolve, reject });
      this.writing ??= this.write();
    });
  }

  /** Resolves when all operations are written. */
  async whenEmpty(): Promise<void> {
    await this.writing;
  }

  private async write(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        const operations = batch.map(({ operation }) => operation);
        await this.db.batch(operations, { ...ENCODINGS, sync: this.sync });
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.writing = undefined;
  }
}
