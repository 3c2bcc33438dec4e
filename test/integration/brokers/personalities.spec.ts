import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { PublishRefusedError, SubscriptionRefusedError } from '../../../lib/index.js';
import type { BrokerPersonality, MqttBroker, MqttBrokerOptions } from '../../../lib/testing/index.js';
import { Journal } from '../../support/journal.js';
import { createClient, createServer, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker, type TestConnection } from '../../support/test-broker.js';

/** More than fit into a SUBSCRIBE of AWS IoT Core. */
const HANDLERS = 20;

function controllersOf(runs: Journal<string>): (new () => object)[] {
  @Controller()
  class Rpc {
    @MessagePattern<string>('math/double', { qos: 1 })
    double(@Payload() n: number): number {
      return n * 2;
    }
  }

  const events = Array.from({ length: HANDLERS }, (_, i) => {
    @Controller()
    class Events {
      @EventPattern<string>(`events/${i}`, { qos: 1 })
      handle(@Payload() data: unknown): void {
        runs.add(`${i} ${String(data)}`);
      }
    }
    return Events;
  });
  return [Rpc, ...events];
}

const PERSONALITIES: readonly BrokerPersonality[] = [
  'mosquitto',
  'hivemq',
  'rabbitmq',
  'artemis',
  'aedes',
  'mochi',
  'aws-iot',
  'azure-event-grid',
];

async function start(
  options: MqttBrokerOptions,
  version: 4 | 5 = 5,
): Promise<{ broker: MqttBroker; connection: TestConnection }> {
  const { broker, url } = await startInProcessBroker(options);
  return { broker, connection: connectionTo(url, version) };
}

describe.each(PERSONALITIES.flatMap((name) => [[name, 5] as const, [name, 4] as const]))(
  'a broker like %s, MQTT version %i',
  (behavesLike, version) => {
    it('serves events of many handlers, and calls', async () => {
      const { broker, connection } = await start({ behavesLike }, version);
      const runs = new Journal<string>();
      await startServer(connection, { controllers: controllersOf(runs) });
      expect(broker.sessions.some(({ subscriptions }) => subscriptions.length > HANDLERS)).toBe(true);
      const client = createClient(connection);
      const all = Array.from({ length: HANDLERS }, (_, i) => client.publish(`events/${i}`, 'x', { qos: 1 }));
      await Promise.all(all);
      expect((await runs.atLeast(HANDLERS)).toSorted()).toEqual(
        Array.from({ length: HANDLERS }, (_, i) => `${i} x`).toSorted(),
      );
      expect((await client.request('math/double', 21)).data).toBe(42);
    });
  },
);

it.each([5, 4] as const)(
  'a broker like hivemq, MQTT version %i: a group over several filters is served, after a new session too',
  async (version) => {
    const { broker, connection } = await start({ behavesLike: 'hivemq' }, version);
    const seen = new Journal<string>();

    @Controller()
    class Group {
      @EventPattern<string[]>(['a/+', 'b/+', 'c'], { qos: 1, shared: 'workers' })
      handle(@Payload() data: string): void {
        seen.add(data);
      }

      @EventPattern<string>('alone', { qos: 1 })
      handleAlone(@Payload() data: string): void {
        seen.add(data);
      }
    }

    const TOPICS = ['a/1', 'b/1', 'c', 'alone'];
    const publish = (): void => {
      for (const topic of TOPICS) broker.publish({ topic, payload: JSON.stringify(topic), qos: 1 });
    };
    await startServer(connection, { controllers: [Group] });
    publish();
    expect((await seen.atLeast(TOPICS.length)).toSorted()).toEqual(TOPICS.toSorted());
    seen.clear();
    const asked = new Journal<string>();
    broker.on('subscribe', ({ filters }) => filters.forEach(asked.add));
    broker.faults.endSession(broker.clients[0]!.clientId);
    await asked.atLeast(TOPICS.length);
    publish();
    expect((await seen.atLeast(TOPICS.length)).toSorted()).toEqual(TOPICS.toSorted());
  },
);

describe('what it cannot is an error, and not silence', () => {
  it.each(['rabbitmq', 'aws-iot', 'azure-event-grid'] as const)('QoS 2 on %s', async (behavesLike) => {
    const { connection } = await start({ behavesLike });
    const client = createClient(connection);
    await expect(client.publish('t', 1, { qos: 2 })).rejects.toThrow(PublishRefusedError);
    await client.publish('t', 1, { qos: 1 });
  });

  it.each(['rabbitmq', 'aedes', 'azure-event-grid'] as const)('a group on %s', async (behavesLike) => {
    @Controller()
    class Worker {
      @EventPattern<string>('jobs', { shared: 'workers' })
      handle(): void {}
    }
    const { connection } = await start({ behavesLike });
    const { app } = await createServer(connection, { controllers: [Worker] });
    await expect(app.listen()).rejects.toThrow(SubscriptionRefusedError);
  });

  it('a retained message on azure-event-grid', async () => {
    const { connection } = await start({ behavesLike: 'azure-event-grid' });
    await expect(createClient(connection).publish('t', 1, { qos: 1, retain: true })).rejects.toThrow(
      PublishRefusedError,
    );
  });

  it('a second session of one user on azure-event-grid', async () => {
    const { connection } = await start({ behavesLike: 'azure-event-grid' });
    const user = { ...connection, username: 'device-1' };
    await createClient({ ...user, clientId: 'first' }).publish('t', 1, { qos: 1 });
    const second = createClient({ ...user, clientId: 'second', reconnect: { ...user.reconnect, maxAttempts: 2 } });
    await expect(second.publish('t', 1, { qos: 1, timeout: 2_000 })).rejects.toThrow(/0x97|not accept|closed/i);
  });

  it.each([
    ['a topic that the policy does not allow', 'secret/1'],
    ['a topic of nine levels', 'devices/2/3/4/5/6/7/8/9'],
    ['a topic of more than 256 bytes', `devices/${'x'.repeat(256)}`],
  ])('%s on aws-iot: refused, and what is allowed goes on', async (_what, topic) => {
    const { connection } = await start({
      behavesLike: 'aws-iot',
      authorizePublish: (request) => request.topic.startsWith('devices/'),
    });
    const client = createClient(connection);
    const all = [client.publish('devices/1', 1, { qos: 1 }), client.publish('devices/2', 1, { qos: 1 })];
    await expect(client.publish(topic, 1, { qos: 1 })).rejects.toThrow(PublishRefusedError);
    await Promise.all(all);
    await client.publish('devices/3', 1, { qos: 1 });
  });
});

it('explicit options win over the personality', async () => {
  const { connection } = await start({ behavesLike: 'rabbitmq', maximumQoS: 2 });
  await expect(createClient(connection).publish('t', 1, { qos: 2 })).resolves.toBeUndefined();
});
