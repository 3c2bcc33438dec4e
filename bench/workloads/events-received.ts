import type { ContestantName } from '../contestants/contestants.js';
import { READINGS } from '../contestants/contestant.js';
import { WINDOW, type Broker } from '../harness/broker.js';
import { PlayerProcess } from '../harness/player-process.js';
import type { Lap } from '../harness/stopwatch.js';
import type { RoundResult, Workload } from '../harness/workload.js';
import type { ConsumerParameters } from '../players/consumer.js';
import type { EmitParameters, EmitterParameters } from '../players/emitter.js';
import { busy, CASE, eventFigures, MOST, pumped } from './events.js';

/** At QoS 2 Mosquitto sends all events first: there is no telling which handshakes belong to a warm-up. */
const WAVES = { 1: [25_000, 50_000], 2: [20_000] } as const;

export const EVENTS_RECEIVED: readonly Workload[] = [
  {
    name: 'events-received-qos0',
    title: 'Events received, QoS 0',
    description:
      'One server receives events that a publisher sends as fast as the broker accepts them; 100 bytes of JSON, and none is lost. ' +
      'If the consumer is not at work all the time, it waits for the broker or for a processor.',
    contestants: [...MOST, 'nest11'],
    baseline: 'mqttjs',
    short: true,
    marks: [
      { case: CASE, figure: 'events/s', of: 'transport', against: 'mqttjs', atLeast: 0.95 },
      { case: CASE, figure: 'events/s', of: 'transport', against: 'nest12', atLeast: 1.7 },
      { case: CASE, figure: 'µs CPU/event', of: 'transport', against: 'mqttjs', atMost: 1 },
    ],
    async round(contestant, broker) {
      const sizes = { warmUp: 80_000, events: 150_000 };
      return { [CASE]: await pumped(contestant, broker, { filter: READINGS, topics: [READINGS], ...sizes }) };
    },
  },
  {
    name: 'events-received-qos1',
    title: 'Events received, QoS 1',
    description:
      'A server receives events that were published while it was stopped. The first third, while it warms up, does not count. ' +
      'This transport acknowledges by outcome, the others automatically.',
    contestants: MOST,
    baseline: 'mqttjs',
    marks: [
      { case: CASE, figure: 'events/s', of: 'transport', against: 'mqttjs', atLeast: 1.7 },
      { case: CASE, figure: 'events/s', of: 'transport', against: 'nest12', atLeast: 1.2 },
    ],
    round: (contestant, broker) => backlog(contestant, broker, 1),
  },
  {
    name: 'events-received-qos2',
    title: 'Events received, QoS 2',
    description: 'As above, but all events count, from the first event to the end of the last handshake.',
    contestants: MOST,
    baseline: 'mqttjs',
    rounds: 3,
    round: (contestant, broker) => backlog(contestant, broker, 2),
  },
];

/** A consumer subscribes and ends; events are published; it starts again, and takes them all. */
async function backlog(contestant: ContestantName, { url }: Broker, qos: 1 | 2): Promise<RoundResult> {
  const waves = WAVES[qos];
  const parameters: ConsumerParameters = {
    contestant,
    url,
    qos,
    filter: READINGS,
    clientId: 'bench-consumer',
    window: WINDOW,
    waves,
  };
  const subscribing = await PlayerProcess.start('consumer', parameters);
  await subscribing.end();
  // whoever consumes, the backlog comes from the quickest of them
  const emitter = await PlayerProcess.start('emitter', { contestant: 'floor', url, qos } satisfies EmitterParameters);
  await emitter.ask('emit', {
    window: WINDOW,
    events: waves.reduce((sum, events) => sum + events, 0),
  } satisfies EmitParameters);
  await emitter.end();
  const consumer = await PlayerProcess.start('consumer', parameters);
  try {
    const lap = await consumer.ask<Lap>('taken', waves.length - 1);
    return { [CASE]: { ...eventFigures(waves.at(-1)!, lap), ...busy(lap) } };
  } finally {
    await consumer.end();
  }
}
