/** Seconds that a rate is the mean of. */
const SPAN = 10;

/** Counts events, and tells how many there were a second lately. */
export class Rate {
  private readonly counts: number[] = [];
  private current = 0;
  private total = 0;

  count(): void {
    this.current++;
  }

  /** Called every second while somebody looks. */
  tick(): void {
    this.counts.push(this.current);
    this.total += this.current;
    this.current = 0;
    if (this.counts.length > SPAN) this.total -= this.counts.shift()!;
  }

  /** Undefined before a second is over. */
  get perSecond(): number | undefined {
    return this.counts.length === 0 ? undefined : this.total / this.counts.length;
  }

  /** Nobody looks any more: what comes next has nothing to do with what was. */
  clear(): void {
    this.counts.length = this.current = this.total = 0;
  }
}
