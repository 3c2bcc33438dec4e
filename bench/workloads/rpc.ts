import type { ContestantName } from '../contestants/contestants.js';
import type { QoS } from '../contestants/contestant.js';
import type { Broker } from '../harness/broker.js';
import { PlayerProcess } from '../harness/player-process.js';
import type { Figures, Mark, RoundResult, Workload } from '../harness/workload.js';
import type { CallsParameters, CallsResult, RequesterParameters } from '../players/requester.js';
import type { ResponderParameters } from '../players/responder.js';

const SECONDS = 1.2;
/** What is compiled by then stays so: a service runs for months. */
const WARM_UP_SECONDS = 1.2;

/** One call after the other, and many at once. From few to many: what a heap has grown for many would be measured with few. */
const IN_FLIGHT = [1, 32, 256] as const;
const WARM_UP_IN_FLIGHT = 32;

function caseOf(inFlight: number): string {
  return `${inFlight} in flight`;
}

const RATES = { 32: 1.5, 256: 1.35 } as const;
const CPU = { 32: 0.6, 256: 0.7 } as const;

const QOS0_MARKS: readonly Mark[] = [
  ...([32, 256] as const).flatMap((inFlight): Mark[] => [
    { case: caseOf(inFlight), figure: 'calls/s', of: 'transport', against: 'mqttjs', atLeast: RATES[inFlight] },
    { case: caseOf(inFlight), figure: 'calls/s', of: 'transport', against: 'nest12-pinned', atLeast: 1.05 },
    { case: caseOf(inFlight), figure: 'µs CPU/call', of: 'transport', against: 'mqttjs', atMost: CPU[inFlight] },
  ]),
  { case: caseOf(1), figure: 'calls/s', of: 'transport', against: 'mqttjs', atLeast: 0.9, aim: 1.15 },
  { case: caseOf(1), figure: 'calls/s', of: 'transport', against: 'nest12', atLeast: 2 },
  { case: caseOf(32), figure: 'p99 ms', of: 'transport', against: 'mqttjs', atMost: 1.1, aim: 0.85 },
];

const QOS1_MARKS: readonly Mark[] = [
  { case: caseOf(1), figure: 'calls/s', of: 'transport', against: 'mqttjs', atLeast: 1.4 },
  { case: caseOf(1), figure: 'median ms', of: 'transport', atMost: 1 },
  { case: caseOf(32), figure: 'calls/s', of: 'transport', against: 'mqttjs', atLeast: 1, aim: 1.2 },
];

const ALL: readonly ContestantName[] = [
  'transport',
  'mqttjs',
  'nest12-pinned',
  'transport-3.1.1',
  'floor',
  'mqttjs-delay',
  'nest12',
  'nest11-pinned',
  'nest11',
];

/** Nest's client wedges as soon as two calls overlap: only one after the other can be measured. */
function withoutWedging(contestant: ContestantName): readonly number[] {
  return contestant === 'nest12' || contestant === 'nest11' ? [1] : IN_FLIGHT;
}

export const RPC: readonly Workload[] = [
  {
    name: 'rpc-qos0',
    title: 'Request and response, QoS 0',
    description: 'One requester calls one server; 100 bytes of JSON each way.',
    contestants: ALL,
    baseline: 'mqttjs',
    short: true,
    marks: QOS0_MARKS,
    round: (contestant, broker) => measure(contestant, broker, 0, withoutWedging(contestant)),
  },
  {
    name: 'rpc-qos1',
    title: 'Request and response, QoS 1 both ways',
    description: 'As above, with request and reply at QoS 1 (Nest always replies at QoS 0).',
    contestants: ALL,
    baseline: 'mqttjs',
    marks: QOS1_MARKS,
    round: (contestant, broker) => measure(contestant, broker, 1, withoutWedging(contestant)),
  },
  {
    name: 'rpc-default-broker',
    title: "Request and response on Mosquitto's default settings",
    description: 'By default Mosquitto does not set TCP_NODELAY: small packets wait for TCP acknowledgements.',
    contestants: ['transport', 'mqttjs-delay', 'nest12'],
    baseline: 'nest12',
    broker: { noDelay: false },
    marks: [
      { case: 'QoS 0, 1 in flight', figure: 'calls/s', of: 'transport', against: 'nest12', atLeast: 150 },
      { case: 'QoS 1, 32 in flight', figure: 'calls/s', of: 'transport', against: 'mqttjs-delay', atLeast: 9 },
    ],
    async round(contestant, broker) {
      const qos0 = await measure(contestant, broker, 0, [1]);
      const named = { 'QoS 0, 1 in flight': qos0[caseOf(1)]! };
      if (contestant === 'nest12') return named;
      const qos1 = await measure(contestant, broker, 1, [32]);
      return { ...named, 'QoS 1, 32 in flight': qos1[caseOf(32)]! };
    },
  },
];

async function measure(
  contestant: ContestantName,
  { url }: Broker,
  qos: QoS,
  levels: readonly number[],
): Promise<RoundResult> {
  const responder = await PlayerProcess.start('responder', { contestant, url, qos } satisfies ResponderParameters);
  const requester = await PlayerProcess.start('requester', { contestant, url, qos } satisfies RequesterParameters);
  try {
    const results: Record<string, Figures> = {};
    const warmUp: CallsParameters = { inFlight: Math.min(WARM_UP_IN_FLIGHT, levels.at(-1)!), seconds: WARM_UP_SECONDS };
    await requester.ask('calls', warmUp);
    for (const inFlight of levels) results[caseOf(inFlight)] = await calls(requester, [responder], inFlight);
    return results;
  } finally {
    await requester.end();
    await responder.end();
  }
}

/** Makes calls for a while, and counts what they cost everybody. */
export async function calls(
  requester: PlayerProcess,
  responders: readonly PlayerProcess[],
  inFlight: number,
): Promise<Figures> {
  const players = [requester, ...responders];
  const before = await cpuSeconds(players);
  const result = await requester.ask<CallsResult>('calls', { inFlight, seconds: SECONDS } satisfies CallsParameters);
  const cpu = (await cpuSeconds(players)) - before;
  return {
    'calls/s': result.calls / result.seconds,
    'median ms': result.medianMs,
    'p99 ms': result.p99Ms,
    'µs CPU/call': (cpu * 1_000_000) / result.calls,
  };
}

async function cpuSeconds(players: readonly PlayerProcess[]): Promise<number> {
  const usages = await Promise.all(players.map((player) => player.usage()));
  return usages.reduce((sum, usage) => sum + usage.cpuSeconds, 0);
}
