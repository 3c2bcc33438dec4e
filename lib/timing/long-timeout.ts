/** Longest delay that a timer of Node takes, in milliseconds: some 25 days. With a longer one it fires after 1 ms. */
export const MAX_TIMER_MS = 0x7fff_ffff;

/** A timer that {@link setLongTimeout} has set. */
export class LongTimeout {
  private timer: NodeJS.Timeout | undefined;

  /** @internal */
  constructor(
    private readonly callback: (argument: unknown) => void,
    private readonly argument: unknown,
    private remainingMs: number,
  ) {
    this.wait();
  }

  /** Takes the timer back. Does nothing when it has fired or was taken back before. */
  clear(): void {
    clearTimeout(this.timer);
  }

  /** Lets the process end while the timer waits. */
  unref(): this {
    this.timer?.unref();
    return this;
  }

  /** @internal */
  elapsed(): void {
    if (this.remainingMs === 0) {
      this.callback(this.argument);
      return;
    }
    const isReferenced = this.timer!.hasRef();
    this.wait();
    if (!isReferenced) this.unref();
  }

  private wait(): void {
    if (this.remainingMs === Infinity) return;
    const step = Math.min(this.remainingMs, MAX_TIMER_MS);
    this.remainingMs -= step;
    this.timer = setTimeout(elapsed, step, this);
  }
}

/**
 * `setTimeout` for any number of milliseconds: what is longer than a timer of Node takes is waited for in several steps.
 *
 * @param ms `Infinity` never fires, and does not keep the process alive; what lies in the past fires at once
 * @param argument handed to `callback`, so that one function can serve many timers
 */
export function setLongTimeout(callback: () => void, ms: number): LongTimeout;
export function setLongTimeout<T>(callback: (argument: T) => void, ms: number, argument: T): LongTimeout;
export function setLongTimeout<T>(callback: (argument: T) => void, ms: number, argument?: T): LongTimeout {
  return new LongTimeout(callback as (argument: unknown) => void, argument, Math.max(0, ms));
}

/** One function for all timers, so that none holds a closure of its own. */
function elapsed(timeout: LongTimeout): void {
  timeout.elapsed();
}
