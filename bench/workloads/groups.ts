import { availableParallelism } from 'node:os';
import type { ContestantName } from '../contestants/contestants.js';
import type { Broker } from '../harness/broker.js';
import { PlayerProcess } from '../harness/player-process.js';
import type { Figures, Workload } from '../harness/workload.js';
import type { CallsParameters, CallsResult, RequesterParameters } from '../players/requester.js';
import type { ResponderParameters } from '../players/responder.js';
import { calls } from './rpc.js';

/** What each server has compiled by then stays so. */
const WARM_UP_CALLS = 15_000;
/** Servers of the larger group where it is about cores. */
const SERVERS = 2;
/** So much of what the cores could give is left when broker and requester have taken theirs. */
const SHARE_OF_CORES = 0.75;

interface Cast {
  readonly requesters: number;
  readonly servers: number;
  readonly inFlight: number;
  readonly busyMs?: number;
  /** At most so long. */
  readonly warmUpSeconds: number;
}

function inWords(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

export const GROUPS: readonly Workload[] = [
  {
    name: 'groups',
    title: 'Many requesters, many servers',
    description: 'Servers are processes that share a subscription; requesters are connections. QoS 0, 64 in flight.',
    contestants: ['transport', 'mqttjs', 'nest12-pinned'],
    baseline: 'mqttjs',
    rounds: 3,
    async round(contestant, broker) {
      const results: Record<string, Figures> = {};
      for (const [requesters, servers] of [
        [1, 1],
        [4, 2],
        [16, 4],
      ] as const) {
        const name = `${inWords(requesters, 'requester')}, ${inWords(servers, 'server')}`;
        results[name] = await measure(contestant, broker, { requesters, servers, inFlight: 64, warmUpSeconds: 4 });
      }
      return results;
    },
  },
  {
    name: 'scaling',
    title: 'One server more',
    description: 'Each request takes 5 ms of CPU time; the servers of a group share the work. 16 in flight.',
    contestants: ['transport', 'mqttjs'],
    baseline: 'mqttjs',
    rounds: 5,
    marks: [
      {
        case: inWords(SERVERS, 'server'),
        figure: 'calls/s',
        of: 'transport',
        against: 'transport',
        againstCase: inWords(1, 'server'),
        atLeast: SHARE_OF_CORES * Math.min(SERVERS, availableParallelism()),
      },
    ],
    async round(contestant, broker) {
      const results: Record<string, Figures> = {};
      for (const servers of [1, SERVERS]) {
        const cast = { requesters: 1, servers, inFlight: 16, busyMs: 5, warmUpSeconds: 1 };
        results[inWords(servers, 'server')] = await measure(contestant, broker, cast);
      }
      return results;
    },
  },
];

async function measure(
  contestant: ContestantName,
  { url }: Broker,
  { requesters, servers, inFlight, warmUpSeconds, ...work }: Cast,
): Promise<Figures> {
  const connection = { contestant, url, qos: 0 } as const;
  const serve: ResponderParameters = { ...connection, ...work, group: 'bench' };
  const request: RequesterParameters = { ...connection, connections: requesters };
  const responders = await Promise.all(Array.from({ length: servers }, () => PlayerProcess.start('responder', serve)));
  const requester = await PlayerProcess.start('requester', request);
  try {
    const warmUp: CallsParameters = { inFlight, calls: WARM_UP_CALLS * servers, seconds: warmUpSeconds };
    const { calls: made } = await requester.ask<CallsResult>('calls', warmUp);
    await checkShares(responders, made);
    return await calls(requester, responders, inFlight);
  } finally {
    for (const player of [requester, ...responders]) await player.end();
  }
}

/** Each request must have gone to one server, and no server be without: else something other than a group is measured. */
async function checkShares(responders: readonly PlayerProcess[], requests: number): Promise<void> {
  const shares = await Promise.all(responders.map((responder) => responder.ask<number>('taken')));
  const sum = shares.reduce((total, share) => total + share, 0);
  if (sum !== requests || shares.includes(0))
    throw new Error(`${requests} requests were not shared, the servers took ${shares.join(', ')}`);
}
