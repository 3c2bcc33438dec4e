/** A timer of a few milliseconds is late by one or two: so much is made up for. */
const CATCH_UP_MS = 50;

/** So many turns a second, evenly: what was late is not made up for by a burst. */
export class Pace {
  /** When the next turn is; undefined before the first one. */
  private next: number | undefined;
  private readonly everyMs: number;

  constructor(
    perSecond: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.everyMs = 1_000 / perSecond;
  }

  /** Takes the next turn. @returns milliseconds until it comes */
  take(): number {
    const now = this.now();
    const turn = Math.max(this.next ?? now, now - CATCH_UP_MS);
    this.next = turn + this.everyMs;
    return Math.max(0, turn - now);
  }
}
