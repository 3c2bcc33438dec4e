import { setTimeout as sleep } from 'node:timers/promises';

/** How long anything is waited for: less than jest's own limit, so that the error says what was missing. Never a measure of speed. */
export const DEADLINE_MS = 10_000;

const POLL_MS = 5;

/** The promise's result; rejects, and says what was waited for, when there is none in time. */
export async function within<T>(promise: Promise<T>, what: string, timeoutMs = DEADLINE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${timeoutMs} ms for ${what}`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until `check` holds. Only for what no event tells of. */
export async function eventually(check: () => boolean, what: string, timeoutMs = DEADLINE_MS): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!check()) {
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs} ms until ${what}`);
    await sleep(POLL_MS);
  }
}
