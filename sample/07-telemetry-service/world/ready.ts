import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 30_000;
const INTERVAL_MS = 50;

/** Asks the readiness probe until it says yes, as an orchestrator does: the service does not wait for the cloud when it starts. */
export async function ready(url: string): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  while (!(await fetch(`${url}/health`, { signal })).ok) await sleep(INTERVAL_MS);
}
