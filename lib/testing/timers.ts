export type CancelTimer = () => void;

/** Longest delay that a timer of Node takes, about 25 days. */
const LONGEST_MS = 0x7fff_ffff;

/** Does something after a time that may be longer than a timer's; does not keep the process alive. */
export function afterSeconds(seconds: number, action: () => void): CancelTimer {
  let remaining = seconds * 1000;
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const step = Math.min(remaining, LONGEST_MS);
    remaining -= step;
    timer = setTimeout(() => (remaining > 0 ? wait() : action()), step).unref();
  };
  wait();
  return () => clearTimeout(timer);
}

/** Timers that end together. */
export class TimerSet {
  private readonly timers = new Set<NodeJS.Timeout>();

  after(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      action();
    }, ms);
    this.timers.add(timer);
  }

  clear(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}
