/** Maximum delay of a timer in Node.js, in milliseconds: about 25 days. With a longer delay it fires after 1 ms. */
export const MAX_TIMER_MS = 0x7fff_ffff;

/** A timer created by {@link setLongTimeout}. */
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

  /** Clears the timer. Does nothing when it has fired or is already cleared. */
  clear(): void {
    clearTimeout(this.timer);
  }

  /** Lets the process exit while the timer is pending. */
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
 * `setTimeout` for any delay: one that exceeds the maximum of Node.js is split into several timers.
 *
 * @param ms `Infinity` never fires, and does not keep the process alive; a negative delay fires at once
 * @param argument passed to `callback`, so that many timers can share one function
 */
export function setLongTimeout(callback: () => void, ms: number): LongTimeout;
export function setLongTimeout<T>(callback: (argument: T) => void, ms: number, argument: T): LongTimeout;
export function setLongTimeout<T>(callback: (argument: T) => void, ms: number, argument?: T): LongTimeout {
  return new LongTimeout(callback as (argument: unknown) => void, argument, Math.max(0, ms));
}

/** One function for all timers, to avoid a closure for each. */
function elapsed(timeout: LongTimeout): void {
  timeout.elapsed();
}
