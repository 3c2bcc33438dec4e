import { setLongTimeout, type LongTimeout } from '../timing/long-timeout.js';

export type CancelTimer = () => void;

/** Runs an action after a time; does not keep the process alive. */
export function afterSeconds(seconds: number, action: () => void): CancelTimer {
  const timer = setLongTimeout(action, seconds * 1_000).unref();
  return () => timer.clear();
}

/** Timers that are cancelled together. */
export class TimerSet {
  private readonly timers = new Set<LongTimeout>();

  after(ms: number, action: () => void): void {
    const timer = setLongTimeout(() => {
      this.timers.delete(timer);
      action();
    }, ms);
    this.timers.add(timer);
  }

  clear(): void {
    for (const timer of this.timers) timer.clear();
    this.timers.clear();
  }
}
