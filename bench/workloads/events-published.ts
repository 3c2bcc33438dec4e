import type { ContestantName } from '../contestants/contestants.js';
import type { QoS } from '../contestants/contestant.js';
import { WINDOW, type Broker } from '../harness/broker.js';
import { PlayerProcess } from '../harness/player-process.js';
import type { RoundResult, Workload } from '../harness/workload.js';
import type { EmitParameters, EmitResult, EmitterParameters } from '../players/emitter.js';
import { CASE, eventFigures, MOST } from './events.js';

const SECONDS = 1.2;

export const EVENTS_PUBLISHED: readonly Workload[] = [
  {
    name: 'events-published-qos0',
    title: 'Events published, QoS 0',
    description:
      'A client emits 1,000 events of 100 bytes at once, and the next ones when they are written. There are no subscribers.',
    contestants: [...MOST, 'nest11'],
    baseline: 'mqttjs',
    short: true,
    marks: [
      { case: CASE, figure: 'events/s', of: 'transport', against: 'mqttjs', atLeast: 0.75, aim: 0.9 },
      { case: CASE, figure: 'events/s', of: 'transport', against: 'nest12', atLeast: 1.6 },
    ],
    round: (contestant, broker) => publish(contestant, broker, 0, 1_000),
  },
  ...([1, 2] as const).map((qos): Workload => ({
    name: `events-published-qos${qos}`,
    title: `Events published, QoS ${qos}`,
    description: `As above, ${WINDOW} at once, and the next ones when they are acknowledged.`,
    contestants: MOST,
    baseline: 'mqttjs',
    rounds: 5,
    round: (contestant, broker) => publish(contestant, broker, qos, WINDOW),
  })),
];

async function publish(contestant: ContestantName, { url }: Broker, qos: QoS, window: number): Promise<RoundResult> {
  const emitter = await PlayerProcess.start('emitter', { contestant, url, qos } satisfies EmitterParameters);
  try {
    const parameters: EmitParameters = { window, seconds: SECONDS };
    await emitter.ask('emit', parameters); // to warm up
    const result = await emitter.ask<EmitResult>('emit', parameters);
    return { [CASE]: eventFigures(result.events, result) };
  } finally {
    await emitter.end();
  }
}
