import { inTime } from '../../timing/in-time.js';

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly bytes: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Limits of one statement. */
const MAX_ITEMS = 500;
const MAX_BYTES = 4 * 1_048_576;
/** Concurrent statements of one kind. Those of all kinds together use fewer connections than a pool has. */
const MAX_RUNNING = 2;
/** A statement on a dead connection must not block later statements for ever. */
const TIME_LIMIT = { what: 'PostgreSQL', timeoutMs: 10_000, unref: true };

/**
 * Batches concurrent items into one statement, instead of one round trip for each. Items that arrive while statements run wait for the
 * next one: the slower the database, the larger the batches.
 */
export class Batch<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];
  private running = 0;
  private scheduled = false;

  /** @param run runs one statement for all items; returns results in the order of the items */
  constructor(private readonly run: (items: readonly Item[]) => Promise<readonly Result[]>) {}

  /** @param bytes size of the item, if it can be large */
  add(item: Item, bytes = 0): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, bytes, resolve, reject });
      this.schedule();
    });
  }

  /** Waits for the other items of this turn of the event loop. */
  private schedule(): void {
    if (this.scheduled || this.waiting.length === 0 || this.running >= MAX_RUNNING) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      void this.flush();
    });
  }

  private async flush(): Promise<void> {
    const batch = this.take();
    this.running++;
    this.schedule();
    try {
      const results = await inTime(this.run(batch.map(({ item }) => item)), TIME_LIMIT);
      for (const [i, { resolve }] of batch.entries()) resolve(results[i]!);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    this.running--;
    this.schedule();
  }

  private take(): Waiting<Item, Result>[] {
    let count = 0;
    let bytes = 0;
    for (const { bytes: more } of this.waiting) {
      if (count === MAX_ITEMS || (count > 0 && bytes + more > MAX_BYTES)) break;
      bytes += more;
      count++;
    }
    return this.waiting.splice(0, count);
  }
}
