import { PerformanceObserver } from 'node:perf_hooks';

/** A process that counts garbage has so much room that nothing is collected meanwhile. */
export const ROOM_FOR_GARBAGE = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256'] as const;

let collections = 0;
new PerformanceObserver((list) => (collections += list.getEntries().length)).observe({ entryTypes: ['gc'] });

/**
 * Bytes that are allocated in a run, whether they are garbage at its end or not.
 *
 * @throws Error when something was collected: what it was is not counted
 */
export async function bytesAllocatedBy(run: () => Promise<void>): Promise<number> {
  globalThis.gc!();
  await observed();
  const [collectionsBefore, bytesBefore] = [collections, bytes()];
  await run();
  const allocated = bytes() - bytesBefore;
  await observed();
  if (collections > collectionsBefore) throw new Error('There was not room enough: what was collected is not counted');
  return allocated;
}

function bytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Observers are told in a later turn. */
function observed(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}
