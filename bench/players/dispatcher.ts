// Measures what one request costs a server itself, in time and in garbage.
import { play, playerParameters } from '../harness/player.js';
import { stopwatch } from '../harness/stopwatch.js';
import { FedServer, type Fed } from './fed-server.js';
import { bytesAllocatedBy } from './garbage.js';

export interface DispatcherParameters {
  readonly contestant: Fed;
  readonly url: string;
}

export interface DispatchParameters {
  readonly requests: number;
}

const { contestant, url } = playerParameters<DispatcherParameters>();
const server = await FedServer.start(contestant, url);
/** Packets that lie ready at once: few, so that they are young when they are done with, as in service. */
const BATCH = 1_024;

/** Microseconds of CPU time for a request, without what it takes to make packets. */
async function time({ requests }: DispatchParameters): Promise<number> {
  let cpuSeconds = 0;
  for (let done = 0; done < requests; done += BATCH) {
    const batch = server.requests(Math.min(BATCH, requests - done));
    const lap = stopwatch();
    await server.answer(batch);
    cpuSeconds += lap().cpuSeconds;
  }
  return (cpuSeconds * 1_000_000) / requests;
}

/** Bytes for a request. */
async function garbage({ requests }: DispatchParameters): Promise<number> {
  const batch = server.requests(requests);
  return (await bytesAllocatedBy(() => server.answer(batch))) / requests;
}

play({ time, garbage });
