import type { ContestantName } from '../contestants/contestants.js';
import { READINGS } from '../contestants/contestant.js';
import { WINDOW, type Broker } from '../harness/broker.js';
import { PlayerProcess } from '../harness/player-process.js';
import type { Lap } from '../harness/stopwatch.js';
import type { Figures, RoundResult, Workload } from '../harness/workload.js';
import type { ConsumerParameters } from '../players/consumer.js';
import type { EmitParameters, EmitResult, EmitterParameters } from '../players/emitter.js';
import type { CallsParameters, RequesterParameters } from '../players/requester.js';
import type { ResponderParameters } from '../players/responder.js';
import { eventFigures } from './events.js';
import { calls } from './rpc.js';

interface Size {
  readonly label: string;
  readonly bytes: number;
  /** Calls, or events, at once. */
  readonly atOnce: number;
  /** Events that count; as many warm up. */
  readonly events: number;
}

const SIZES: readonly [Size, Size] = [
  { label: '10 kB', bytes: 10_000, atOnce: 16, events: 8_000 },
  { label: '1 MB', bytes: 1_000_000, atOnce: 4, events: 80 },
];

export const PAYLOADS: readonly Workload[] = [
  {
    name: 'payloads-rpc',
    title: 'Larger payloads, request and response',
    description: 'QoS 0; the reply is as large as the request, and MB/s counts both.',
    contestants: ['transport', 'mqttjs', 'nest12-pinned', 'floor'],
    baseline: 'mqttjs',
    marks: [{ case: caseOf(SIZES[0]), figure: 'calls/s', of: 'transport', against: 'mqttjs', atLeast: 1 }],
    round: (contestant, broker) => each(SIZES, (size) => rpc(contestant, broker, size)),
  },
  {
    name: 'payloads-events',
    title: 'Larger payloads, events',
    description: 'QoS 0, from a client to a server; CPU is that of both.',
    contestants: ['transport', 'mqttjs', 'nest12', 'floor'],
    baseline: 'mqttjs',
    marks: [{ case: caseOf(SIZES[0]), figure: 'events/s', of: 'transport', against: 'mqttjs', atLeast: 1 }],
    round: (contestant, broker) => each(SIZES, (size) => events(contestant, broker, size)),
  },
];

async function each(sizes: readonly Size[], measure: (size: Size) => Promise<Figures>): Promise<RoundResult> {
  const results: Record<string, Figures> = {};
  for (const size of sizes) results[caseOf(size)] = await measure(size);
  return results;
}

function caseOf({ label, atOnce }: Size): string {
  return `${label}, ${atOnce} at once`;
}

async function rpc(contestant: ContestantName, { url }: Broker, { bytes, atOnce }: Size): Promise<Figures> {
  const responder = await PlayerProcess.start('responder', { contestant, url, qos: 0 } satisfies ResponderParameters);
  const parameters: RequesterParameters = { contestant, url, qos: 0, bytes };
  const requester = await PlayerProcess.start('requester', parameters);
  try {
    await requester.ask('calls', { inFlight: atOnce, seconds: 0.5 } satisfies CallsParameters);
    const figures = await calls(requester, [responder], atOnce);
    return { ...figures, 'MB/s': (figures['calls/s']! * 2 * bytes) / 1_000_000 };
  } finally {
    await requester.end();
    await responder.end();
  }
}

async function events(
  contestant: ContestantName,
  { url }: Broker,
  { bytes, atOnce, events: count }: Size,
): Promise<Figures> {
  const connection = { contestant, url, qos: 0 } as const;
  const consumer = await PlayerProcess.start('consumer', {
    ...connection,
    filter: READINGS,
    window: WINDOW,
    waves: [count, count],
  } satisfies ConsumerParameters);
  const emitter = await PlayerProcess.start('emitter', { ...connection, bytes } satisfies EmitterParameters);
  try {
    const parameters: EmitParameters = { window: atOnce, events: count };
    await Promise.all([consumer.ask('taken', 0), emitter.ask('emit', parameters)]); // to warm up
    const [taken, emitted] = await Promise.all([
      consumer.ask<Lap>('taken', 1),
      emitter.ask<EmitResult>('emit', parameters),
    ]);
    const figures = eventFigures(count, { ...taken, cpuSeconds: taken.cpuSeconds + emitted.cpuSeconds });
    return { ...figures, 'MB/s': (figures['events/s']! * bytes) / 1_000_000 };
  } finally {
    await emitter.end();
    await consumer.end();
  }
}
