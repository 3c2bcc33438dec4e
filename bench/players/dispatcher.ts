// Measures what one request costs a server itself, in time and in garbage.
import { play, playerParameters } from '../harness/player.js';
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
/** Packets that lie ready at once. */
const BATCH = 10_000;

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

/** Bytes for a request. */
async function garbage({ requests }: DispatchParameters): Promise<number> {
  const batch = server.requests(requests);
  return (await bytesAllocatedBy(() => server.answer(batch))) / requests;
}

play({ time, garbage });
