// Subscribes to many filters at once, as an application that starts.
import { CONTESTANTS, type ContestantName } from '../contestants/contestants.js';
import type { ConnectOptions } from '../contestants/contestant.js';
import { play, playerParameters } from '../harness/player.js';

export interface StarterParameters extends ConnectOptions {
  readonly contestant: ContestantName;
  /** Topic Filters, all different. */
  readonly filters: number;
}

const { contestant, filters: count, ...options } = playerParameters<StarterParameters>();
const filters = Array.from({ length: count }, (_, n) => `bench/${n}/+/reading`);
const mqtt = await CONTESTANTS[contestant].load();

/** Gives the milliseconds until the broker has granted the last one. */
async function start(): Promise<number> {
  const from = performance.now();
  await mqtt.start(options, filters);
  return performance.now() - from;
}

play({ start });
