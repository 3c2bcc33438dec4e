import { inTime } from '../../timing/in-time.js';

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly bytes: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** What goes into one statement. */
const MAX_ITEMS = 500;
const MAX_BYTES = 4 * 1_048_576;
/** Statements of one kind that are under way: those of all kinds together are fewer than the connections of a pool. */
const MAX_UNDER_WAY = 2;
/** A statement whose connection has died without a word must not hold up those after it for ever. */
const PATIENCE = { what: 'PostgreSQL', timeoutMs: 10_000, unref: true };

/**
 * Gathers what is asked for at the same time into one statement, instead of one round trip for each. While statements are under way,
 * what comes waits for the next one: the busier the database, the larger they are.
 */
export class Batch<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];
  private underWay = 0;
  private scheduled = false;

  /** @param run one statement for all items; results in the order of the items */
  constructor(private readonly run: (items: readonly Item[]) => Promise<readonly Result[]>) {}

  /** @param bytes what is large about the item */
  add(item: Item, bytes = 0): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, bytes, resolve, reject });
      this.schedule();
    });
  }

  /** Not before all who ask in this turn of the event loop have asked. */
  private schedule(): void {
    if (this.scheduled || this.waiting.length === 0 || this.underWay >= MAX_UNDER_WAY) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      void this.flush();
    });
  }

  private async flush(): Promise<void> {
    const batch = this.take();
    this.underWay++;
    this.schedule();
    try {
      const results = await inTime(this.run(batch.map(({ item }) => item)), PATIENCE);
      for (const [i, { resolve }] of batch.entries()) resolve(results[i]!);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    this.underWay--;
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
