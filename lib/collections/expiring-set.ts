/** A set whose values expire. Its size is limited: when the limit is reached, all values are removed. */
export class ExpiringSet<T> {
  /** Milliseconds since the epoch. */
  private readonly until = new Map<T, number>();

  constructor(
    private readonly lifetimeMs: number,
    private readonly capacity: number,
  ) {}

  /** Number of members, including expired ones that have not been removed yet. */
  get size(): number {
    return this.until.size;
  }

  add(value: T): void {
    if (this.until.size >= this.capacity) this.until.clear();
    this.until.set(value, Date.now() + this.lifetimeMs);
  }

  has(value: T): boolean {
    const until = this.until.get(value);
    if (until === undefined) return false;
    if (until > Date.now()) return true;
    this.until.delete(value);
    return false;
  }

  delete(value: T): void {
    this.until.delete(value);
  }
}
