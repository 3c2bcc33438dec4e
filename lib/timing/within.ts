import { setLongTimeout, type LongTimeout } from './long-timeout.js';

/** Waits for `promise`, at most for the given time; `Infinity` for no limit. */
export async function within(milliseconds: number, promise: Promise<void>): Promise<void> {
  let timer: LongTimeout | undefined;
  const timeout = new Promise<void>((resolve) => (timer = setLongTimeout(resolve, milliseconds)));
  await Promise.race([promise, timeout]);
  timer?.clear();
}
