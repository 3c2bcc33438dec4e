import { startMosquitto } from './mosquitto.js';
import type { Figures, Workload } from './workload.js';

/** Figures of each contestant, round by round. */
export type Results = ReadonlyMap<string, readonly Figures[]>;

/**
 * Lets the contestants of a workload run in turn, A B A B ..., on brokers of their own, so that what else goes on on the machine
 * meets all of them. The first round warms up files and processor, and does not count.
 */
export async function hold(workload: Workload, rounds: number): Promise<Results> {
  const results = new Map<string, Figures[]>(workload.contestants.map((contestant) => [contestant, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const contestant of workload.contestants) {
      const broker = await startMosquitto();
      try {
        const figures = await workload.round(contestant, broker);
        if (round > 0) results.get(contestant)!.push(figures);
      } finally {
        await broker.close();
      }
    }
  }
  return results;
}
