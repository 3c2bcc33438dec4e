import { Journal } from './journal.js';

/**
 * Runs of handlers that a test holds, and ends in the order that it likes.
 *
 * @example
 * ```ts
 * const runs = new HeldRuns<number>();
 * // in a handler: await runs.hold(job)
 * await runs.started.atLeast(2);
 * runs.release(2); // the handler of job 2 goes on
 * ```
 */
export class HeldRuns<Key> {
  readonly started = new Journal<Key>();
  readonly ended = new Journal<Key>();
  /** The most that ever ran at once. */
  mostAtOnce = 0;
  private readonly held = new Map<Key, () => void>();
  private open = false;

  get running(): number {
    return this.started.size - this.ended.size;
  }

  /** For handlers: waits for its release. */
  async hold(key: Key): Promise<void> {
    const released = this.open ? undefined : new Promise<void>((resolve) => this.held.set(key, resolve));
    this.started.add(key);
    this.mostAtOnce = Math.max(this.mostAtOnce, this.running);
    await released;
    this.ended.add(key);
  }

  release(key: Key): void {
    const resolve = this.held.get(key);
    if (!resolve) throw new Error(`Nothing runs for ${String(key)}`);
    this.held.delete(key);
    resolve();
  }

  /** Ends all that run, and all that come from now on. */
  releaseAll(): void {
    this.open = true;
    for (const resolve of this.held.values()) resolve();
    this.held.clear();
  }
}
