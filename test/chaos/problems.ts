import type { ChaosResult } from './run-chaos.js';

/** What one published message may leave behind, for it is kept here to be accounted for. */
const BYTES_PER_MESSAGE = 200;
const MOST_HEAP_GROWTH = 15_000_000;

/** What should not have happened, in words. */
export function problemsOf(result: ChaosResult): string[] {
  const { problems, leftovers, lost, unsettled, heapGrowth, published, answered } = result;
  const found = [...problems, ...leftovers];
  if (lost.length > 0) found.push(`${lost.length} messages are lost: ${lost.slice(0, 10).join()}`);
  if (unsettled > 0) found.push(`${unsettled} promises have not settled`);
  if (published === 0 || answered === 0) found.push('nothing was published, or nothing answered');
  if (heapGrowth > MOST_HEAP_GROWTH + BYTES_PER_MESSAGE * published)
    found.push(`the heap has grown by ${heapGrowth} bytes`);
  return found;
}
