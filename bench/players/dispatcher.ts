// Measures what one request costs a server itself, in time and in garbage.
import { PerformanceObserver } from 'node:perf_hooks';
import { play, playerParameters } from '../harness/player.js';
import { FedServer } from './fed-server.js';

export interface DispatcherParameters {
  readonly contestant: 'transport' | 'nest12';
  readonly url: string;
}

export interface DispatchParameters {
  readonly requests: number;
}

const { contestant, url } = playerParameters<DispatcherParameters>();
const server = await FedServer.start(contestant, url);
/** Packets that lie ready at once. */
const BATCH = 10_000;

let collections = 0;
new PerformanceObserver((list) => (collections += list.getEntries().length)).observe({ entryTypes: ['gc'] });

/** Microseconds for a request, without the time that it takes to make packets. */
async function time({ requests }: DispatchParameters): Promise<number> {
  let milliseconds = 0;
  for (let done = 0; done < requests; done += BATCH) {
    const batch = server.requests(Math.min(BATCH, requests - done));
    const start = performance.now();
    await server.answer(batch);
    milliseconds += performance.now() - start;
  }
  return (milliseconds * 1_000) / requests;
}

/** Bytes that a request leaves behind for the garbage collector, which must have room for all of them. */
async function garbage({ requests }: DispatchParameters): Promise<number> {
  const batch = server.requests(requests);
  globalThis.gc!();
  await observed();
  const [collectionsBefore, bytesBefore] = [collections, bytes()];
  await server.answer(batch);
  const grown = bytes() - bytesBefore;
  await observed();
  if (collections > collectionsBefore) throw new Error('There was not room enough: what was collected is not counted');
  return grown / requests;
}

function bytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Observers are told later. */
function observed(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}

play({ time, garbage });
