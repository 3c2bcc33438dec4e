// Makes calls, as many at once as it is told.
import { CONTESTANTS, type ContestantName } from '../contestants/contestants.js';
import { reading, type ConnectOptions, type Requester } from '../contestants/contestant.js';
import { play, playerParameters } from '../harness/player.js';
import { quantile } from '../harness/statistics.js';

export interface RequesterParameters extends ConnectOptions {
  readonly contestant: ContestantName;
  /** Connections, which take turns. Default 1. */
  readonly connections?: number;
  /** Bytes of a request. Default 100. */
  readonly bytes?: number;
}

export interface CallsParameters {
  readonly inFlight: number;
  /** It ends when either is reached. */
  readonly seconds?: number;
  readonly calls?: number;
}

export interface CallsResult {
  readonly calls: number;
  readonly seconds: number;
  /** Of the time that one call took. */
  readonly medianMs: number;
  readonly p99Ms: number;
}

export interface BurstsParameters {
  readonly bursts: number;
  readonly size: number;
  /** Calls that have not been answered by then count as lost, and no more are made. */
  readonly patienceMs: number;
}

const { contestant, connections = 1, bytes = 100, ...options } = playerParameters<RequesterParameters>();
const mqtt = await CONTESTANTS[contestant].load();
const requesters: Requester[] = [];
for (let i = 0; i < connections; i++) requesters.push(await mqtt.requester(options));

async function calls({ inFlight, seconds = Infinity, calls: most = Infinity }: CallsParameters): Promise<CallsResult> {
  const times: number[] = [];
  const start = performance.now();
  const end = start + seconds * 1_000;
  let begun = 0;
  const one = async (caller: Requester): Promise<void> => {
    for (let from = start; from < end && begun < most; from = performance.now()) {
      begun++;
      await caller.call(reading(bytes));
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, i) => one(requesters[i % requesters.length]!)));
  const took = (performance.now() - start) / 1_000;
  const sorted = Float64Array.from(times).toSorted();
  return { calls: times.length, seconds: took, medianMs: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99) };
}

/** How many calls are answered when they are made a few at a time, and the next when those have ended. */
async function bursts({ bursts: count, size, patienceMs }: BurstsParameters): Promise<number> {
  let answered = 0;
  for (let i = 0; i < count; i++) {
    const made = Array.from({ length: size }, () => requesters[0]!.call(reading(bytes)).then(() => answered++));
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<'lost'>((resolve) => (timer = setTimeout(resolve, patienceMs, 'lost')));
    const end = await Promise.race([Promise.allSettled(made), patience]);
    clearTimeout(timer);
    if (end === 'lost') break;
  }
  return answered;
}

play({ calls, bursts });
