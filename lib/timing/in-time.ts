interface TimeLimit {
  /** Name of the awaited operation, for the error. */
  readonly what: string;
  /** Timeout in milliseconds. */
  readonly timeoutMs: number;
  /** Aborted when the result is no longer needed; clears the timer. */
  readonly over?: AbortSignal;
  /** Whether the process may exit while waiting. Default false. */
  readonly unref?: boolean;
}

/**
 * Waits for a promise of the application or of network code, with a timeout.
 *
 * @throws Error when the promise does not settle in time
 */
export async function inTime<T>(
  answer: T | Promise<T>,
  { what, timeoutMs, over, unref = false }: TimeLimit,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not answer within ${timeoutMs} ms`)), timeoutMs);
    if (unref) timer.unref();
  });
  const stop = (): void => clearTimeout(timer);
  over?.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([answer, late]);
  } finally {
    stop();
    over?.removeEventListener('abort', stop);
  }
}
