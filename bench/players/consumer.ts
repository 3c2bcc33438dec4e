// Takes events, and measures from the first to the last.
import { CONTESTANTS, type ContestantName } from '../contestants/contestants.js';
import type { ConsumeOptions, Reading } from '../contestants/contestant.js';
import { play, playerParameters } from '../harness/player.js';

export interface ConsumerParameters extends ConsumeOptions {
  readonly contestant: ContestantName;
  /** Events that come. */
  readonly events: number;
}

export interface ConsumerResult {
  /** From the first event to the last. */
  readonly seconds: number;
  /** CPU time meanwhile. */
  readonly cpuSeconds: number;
}

const { contestant, events, ...options } = playerParameters<ConsumerParameters>();
let count = 0;
let total = 0;
let startedAt = 0;
let cpuAtStart = process.cpuUsage();
let done: (result: ConsumerResult) => void;
const taken = new Promise<ConsumerResult>((resolve) => (done = resolve));

function take({ celsius }: Reading): void {
  if (count === 0) {
    startedAt = performance.now();
    cpuAtStart = process.cpuUsage();
  }
  total += celsius;
  if (++count === events) end();
}

function end(): void {
  const { user, system } = process.cpuUsage(cpuAtStart);
  if (Number.isNaN(total)) throw new Error('The events were not what they should be');
  done({ seconds: (performance.now() - startedAt) / 1_000, cpuSeconds: (user + system) / 1_000_000 });
}

const mqtt = await CONTESTANTS[contestant].load();
await mqtt.consume(options, take);
play({ taken: () => taken, count: () => count });
