import { LinkedQueue } from '../../collections/linked-queue.js';

/**
 * Serialises items with the same key. Items that arrive while the key is in use wait in the queue of that key. A free key takes no memory.
 */
export class KeyOrder<T> {
  /** Keys in use; with a queue if an item has waited. */
  private readonly lines = new Map<string, LinkedQueue<T> | undefined>();

  /** Number of keys in use. */
  get size(): number {
    return this.lines.size;
  }

  /** Number of waiting items, for all keys. */
  get waiting(): number {
    let sum = 0;
    for (const line of this.lines.values()) sum += line?.size ?? 0;
    return sum;
  }

  /** Acquires a key, if it is free. */
  take(key: string): boolean {
    if (this.lines.has(key)) return false;
    this.lines.set(key, undefined);
    return true;
  }

  /** The queue of a key in use. */
  lineOf(key: string): LinkedQueue<T> {
    let line = this.lines.get(key);
    if (line === undefined) this.lines.set(key, (line = new LinkedQueue()));
    return line;
  }

  /** Passes the key to the first waiting item, or frees it. */
  next(key: string): T | undefined {
    const next = this.lines.get(key)?.shift();
    if (next === undefined) this.lines.delete(key);
    return next;
  }

  /** Removes and returns all waiting items, and frees all keys. */
  clear(): T[] {
    const all = [...this.lines.values()].flatMap((line) => [...(line ?? [])]);
    this.lines.clear();
    return all;
  }
}
