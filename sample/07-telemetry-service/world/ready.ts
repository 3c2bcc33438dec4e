import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 30_000;
const INTERVAL_MS = 50;

/** Polls the readiness probe until it succeeds, as an orchestrator does: the service starts without waiting for the cloud. */
export async function ready(url: string): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  while (!(await fetch(`${url}/health`, { signal })).ok) await sleep(INTERVAL_MS);
}
