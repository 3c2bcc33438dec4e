/** Seconds over which a rate is averaged. */
const SPAN = 10;

/** Counts events and averages their rate. */
export class Rate {
  private readonly counts: number[] = [];
  private current = 0;
  private total = 0;

  count(): void {
    this.current++;
  }

  /** Called every second while there are viewers. */
  tick(): void {
    this.counts.push(this.current);
    this.total += this.current;
    this.current = 0;
    if (this.counts.length > SPAN) this.total -= this.counts.shift()!;
  }

  /** Undefined in the first second. */
  get perSecond(): number | undefined {
    return this.counts.length === 0 ? undefined : this.total / this.counts.length;
  }

  /** The last viewer has left: old counts must not enter later rates. */
  clear(): void {
    this.counts.length = this.current = this.total = 0;
  }
}
