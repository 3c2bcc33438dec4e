interface Patience {
  /** Names in the error what is waited for. */
  readonly what: string;
  /** Milliseconds. */
  readonly timeoutMs: number;
  /** Aborts when the result is not needed any more; the timer is then cleared. */
  readonly over?: AbortSignal;
  /** Whether the process may end meanwhile. Default false. */
  readonly unref?: boolean;
}

/**
 * Waits for what code of the application, or the network, has promised.
 *
 * @throws Error when it does not settle in time
 */
export async function inTime<T>(
  answer: T | Promise<T>,
  { what, timeoutMs, over, unref = false }: Patience,
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
