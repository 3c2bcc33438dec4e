/** Durations that are kept: enough for a p99, and cheap to sort. */
const KEPT = 512;

/** Quantiles of the latest durations of a handler. */
export class Durations {
  private readonly kept: number[] = [];
  private next = 0;

  add(milliseconds: number): void {
    this.kept[this.next] = milliseconds;
    this.next = (this.next + 1) % KEPT;
  }

  /** @returns undefined when nothing was added */
  quantiles(): { readonly p50: number; readonly p99: number } | undefined {
    if (this.kept.length === 0) return undefined;
    const sorted = this.kept.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
    return { p50: at(0.5), p99: at(0.99) };
  }
}
