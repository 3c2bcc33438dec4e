/** What something took in this process. */
export interface Lap {
  readonly seconds: number;
  /** CPU time meanwhile. */
  readonly cpuSeconds: number;
}

/** Starts to measure, and returns what tells how much it has been. */
export function stopwatch(): () => Lap {
  const cpu = process.cpuUsage();
  const start = performance.now();
  return () => {
    const seconds = (performance.now() - start) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    return { seconds, cpuSeconds: (user + system) / 1_000_000 };
  };
}
