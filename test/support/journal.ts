import { inspect } from 'node:util';
import { DEADLINE_MS, within } from './deadline.js';

/**
 * What handlers and listeners write down, and what a test waits for.
 *
 * @example
 * ```ts
 * const seen = new Journal<number>();
 * // in a handler: seen.add(celsius)
 * expect(await seen.atLeast(2)).toEqual([20, 21]);
 * ```
 */
export class Journal<T> {
  readonly entries: T[] = [];
  private readonly listeners = new Set<() => void>();

  /** Bound, so that it can be handed over as a callback. */
  readonly add = (entry: T): void => {
    this.entries.push(entry);
    for (const listener of this.listeners) listener();
  };

  get size(): number {
    return this.entries.length;
  }

  clear(): void {
    this.entries.length = 0;
  }

  /** Resolves with all entries as soon as there are `count`. Whether more would come is for a later message to show. */
  async atLeast(count: number, timeoutMs = DEADLINE_MS): Promise<T[]> {
    return this.until((entries) => entries.length >= count, `${count} entries`, timeoutMs);
  }

  /** Resolves with the first entry that fits. */
  async first(fits: (entry: T) => boolean, timeoutMs = DEADLINE_MS): Promise<T> {
    const entries = await this.until((all) => all.some(fits), `an entry that fits ${fits.toString()}`, timeoutMs);
    return entries.find(fits)!;
  }

  /** Resolves with all entries as soon as `done` says so. */
  async until(done: (entries: readonly T[]) => boolean, what: string, timeoutMs = DEADLINE_MS): Promise<T[]> {
    let check: (() => void) | undefined;
    const reached = new Promise<void>((resolve) => {
      check = () => {
        if (done(this.entries)) resolve();
      };
      this.listeners.add(check);
      check();
    });
    try {
      await within(reached, what, timeoutMs);
    } catch (error) {
      const [shown, all] = [inspect(this.entries.slice(-20)), this.size];
      throw new Error(`${(error as Error).message}; there are ${all}, the latest: ${shown}`, { cause: error });
    } finally {
      this.listeners.delete(check!);
    }
    return [...this.entries];
  }
}
