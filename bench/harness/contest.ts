import type { ContestantName } from '../contestants/contestants.js';
import type { StartBroker } from './broker.js';
import { isMarked } from './selection.js';
import type { RoundResult, Workload } from './workload.js';

/** Results of each contestant, round by round. */
export type Results = Readonly<Partial<Record<ContestantName, readonly RoundResult[]>>>;

/** Rounds of contestants that no mark is about: enough to see where they stand. */
const ROUNDS_OF_OTHERS = 3;

/**
 * Lets the contestants of a workload run in turn, A B C A B C ..., on brokers of their own, so that what else goes on on the
 * machine meets all of them. A round that warms up files and processor goes first, and does not count.
 */
export async function hold(workload: Workload, rounds: number, startBroker: StartBroker): Promise<Results> {
  const results: Partial<Record<ContestantName, RoundResult[]>> = {};
  for (let round = workload.warmUp === false ? 1 : 0; round <= rounds; round++) {
    for (const contestant of workload.contestants) {
      if (round > ROUNDS_OF_OTHERS && !isMarked(workload, contestant)) continue;
      const broker = await startBroker(workload.broker ?? {});
      try {
        const result = await workload.round(contestant, broker);
        if (round > 0) (results[contestant] ??= []).push(result);
      } finally {
        await broker.close();
      }
    }
  }
  return results;
}
