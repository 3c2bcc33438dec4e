import { PlayerProcess } from '../harness/player-process.js';
import { WINDOW, type Broker } from '../harness/mosquitto.js';
import type { Figures, Workload } from '../harness/workload.js';
import type { ConsumerParameters, ConsumerResult } from '../contestants/consumer.js';
import type { PublisherParameters } from '../contestants/publisher.js';

const MESSAGES = 200_000;
const CONTESTANTS = ['transport-consumer', 'engine-consumer', 'mqttjs-consumer'];

function figuresOf({ seconds, cpuSeconds }: ConsumerResult, messages: number): Figures {
  return { 'messages/s': messages / seconds, 'µs CPU/message': (cpuSeconds * 1_000_000) / messages };
}

function consumer(contestant: string, broker: Broker, protocolVersion: 4 | 5, messages: number): PlayerProcess {
  const { url } = broker;
  const parameters = { url, protocolVersion, clientId: 'consumer', qos: 1, messages, window: WINDOW } as const;
  return PlayerProcess.start(contestant, parameters satisfies ConsumerParameters);
}

async function publisher({ url }: Broker, messages: number): Promise<PlayerProcess> {
  const parameters = { url, qos: 1, messages, window: WINDOW } as const;
  const player = PlayerProcess.start('publisher', parameters satisfies PublisherParameters);
  await player.message(); // ready
  return player;
}

/** Messages have queued up while the consumer was away. */
function backlog(protocolVersion: 4 | 5): Workload {
  return {
    name: `qos1-backlog-${protocolVersion}`,
    description: `${MESSAGES} QoS 1 messages wait in the session of the consumer (MQTT ${version(protocolVersion)})`,
    contestants: CONTESTANTS,
    figure: 'messages/s',
    mark: 0.9,
    async round(contestant, broker) {
      const subscribes = consumer(contestant, broker, protocolVersion, MESSAGES);
      await subscribes.message(); // ready
      await subscribes.end();
      const publishes = await publisher(broker, MESSAGES);
      publishes.say('go');
      await publishes.message(); // published
      await publishes.end();
      const consumes = consumer(contestant, broker, protocolVersion, MESSAGES);
      const result = await nextResult(consumes);
      await consumes.end();
      return figuresOf(result, MESSAGES);
    },
  };
}

/** Messages come as fast as another process publishes them. */
function stream(protocolVersion: 4 | 5): Workload {
  return {
    name: `qos1-stream-${protocolVersion}`,
    description: `${MESSAGES} QoS 1 messages as fast as they can be published (MQTT ${version(protocolVersion)})`,
    contestants: CONTESTANTS,
    figure: 'messages/s',
    mark: 0.9,
    async round(contestant, broker) {
      const consumes = consumer(contestant, broker, protocolVersion, MESSAGES);
      await consumes.message(); // ready
      const publishes = await publisher(broker, MESSAGES);
      publishes.say('go');
      const result = await nextResult(consumes);
      await publishes.end();
      await consumes.end();
      return figuresOf(result, MESSAGES);
    },
  };
}

/** A consumer may be done before it can say that it is ready. */
async function nextResult(player: PlayerProcess): Promise<ConsumerResult> {
  const message = await player.message<ConsumerResult | 'ready'>();
  return message === 'ready' ? nextResult(player) : message;
}

function version(protocolVersion: 4 | 5): string {
  return protocolVersion === 5 ? '5.0' : '3.1.1';
}

export const QOS1_CONSUMPTION: readonly Workload[] = [backlog(5), backlog(4), stream(5), stream(4)];
