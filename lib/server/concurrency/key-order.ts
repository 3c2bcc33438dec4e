import { LinkedQueue } from '../../collections/linked-queue.js';

/**
 * Has what shares a key take turns. Who comes while the key is taken waits in a line of its own. Nothing is kept for a key that is
 * free.
 */
export class KeyOrder<T> {
  /** Keys that are taken; with a line where somebody has waited. */
  private readonly lines = new Map<string, LinkedQueue<T> | undefined>();

  /** Keys that are taken. */
  get size(): number {
    return this.lines.size;
  }

  /** Those that stand in line, behind any key. */
  get waiting(): number {
    let sum = 0;
    for (const line of this.lines.values()) sum += line?.size ?? 0;
    return sum;
  }

  /** Takes a key, if it is free. */
  take(key: string): boolean {
    if (this.lines.has(key)) return false;
    this.lines.set(key, undefined);
    return true;
  }

  /** The line behind a key that is taken. */
  lineOf(key: string): LinkedQueue<T> {
    let line = this.lines.get(key);
    if (line === undefined) this.lines.set(key, (line = new LinkedQueue()));
    return line;
  }

  /** The first in line, who has the key now; else the key is free. */
  next(key: string): T | undefined {
    const next = this.lines.get(key)?.shift();
    if (next === undefined) this.lines.delete(key);
    return next;
  }

  /** Everybody in line. Nobody is, and no key is taken, from then on. */
  clear(): T[] {
    const all = [...this.lines.values()].flatMap((line) => [...(line ?? [])]);
    this.lines.clear();
    return all;
  }
}
