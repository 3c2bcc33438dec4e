/** The latest entries, up to a limit. */
export class Ring<T> {
  private readonly entries: T[] = [];
  private next = 0;

  constructor(private readonly size: number) {}

  push(entry: T): void {
    this.entries[this.next] = entry;
    this.next = (this.next + 1) % this.size;
  }

  /** Newest first. */
  latest(): T[] {
    return [...this.entries.slice(0, this.next).toReversed(), ...this.entries.slice(this.next).toReversed()];
  }

  find(test: (entry: T) => boolean): T | undefined {
    return this.entries.find(test);
  }
}
