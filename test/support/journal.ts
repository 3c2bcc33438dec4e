import { inspect } from 'node:util';
import { DEADLINE_MS } from './deadline.js';

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

  /** Resolves with all entries as soon as `done` says so. Rejects when there has been no further entry for `timeoutMs`. */
  async until(done: (entries: readonly T[]) => boolean, what: string, timeoutMs = DEADLINE_MS): Promise<T[]> {
    let check: (() => void) | undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        timer = setTimeout(() => reject(this.missing(what, timeoutMs)), timeoutMs);
        check = () => {
          if (done(this.entries)) resolve();
          else timer!.refresh(); // a slow machine gets there too
        };
        this.listeners.add(check);
        check();
      });
    } finally {
      clearTimeout(timer);
      this.listeners.delete(check!);
    }
    return [...this.entries];
  }

  private missing(what: string, timeoutMs: number): Error {
    return new Error(
      `Waited ${timeoutMs} ms for ${what}; there are ${this.size}, the latest: ${inspect(this.entries.slice(-20))}`,
    );
  }
}
