import { describe, expect, it, jest } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { Registry } from 'prom-client';
import {
  AckPolicy,
  MessageExpiredError,
  MqttSubscription,
  NackMessage,
  type MqttSubscriptionOptions,
} from '../../../lib/index.js';
import { mqttMetrics } from '../../../lib/metrics/index.js';
import { describeEachBroker, type BrokerUnderTest } from '../../support/broker-matrix.js';
import { durable } from '../../support/durable-session.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { RecordingObserver } from '../../support/recording-observer.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { rejection } from '../lifecycle/scene.js';

const HANDLER = 'handler="metrics/devices/{deviceId}/temperature"';

/** Lines of the exposition, without comments, buckets, and sums of durations. */
async function linesOf(registry: Registry): Promise<string[]> {
  const text = await registry.metrics();
  return text.split('\n').filter((line) => line && !/^#|_bucket\{|_sum\{/.test(line));
}

/** What the counters of one handler say after one message, but for zeros. */
async function countsOf(registry: Registry): Promise<string[]> {
  const lines = await linesOf(registry);
  return lines
    .filter((line) => line.includes(HANDLER) && !line.endsWith(' 0'))
    .map((line) => line.replace(`broker="default",${HANDLER}`, '').replace(/\{,?\}/, ''))
    .toSorted();
}

async function metricsOf(
  broker: BrokerUnderTest,
  handler: (attempt: number) => unknown,
  options: MqttSubscriptionOptions,
): Promise<string[]> {
  let attempt = 0;
  @Controller()
  class Devices {
    @MqttSubscription({ prefix: 'metrics/', ...options })
    @EventPattern<unknown>('devices/{deviceId}/temperature')
    temperature(@Payload() _celsius: unknown): unknown {
      return handler(++attempt);
    }
  }
  const registry = new Registry();
  const ends = new RecordingObserver();
  await startServer(
    { ...durable(broker.connection), observers: [mqttMetrics({ registry }), ends], subscribeOptions: { qos: 1 } },
    { controllers: [Devices] },
  );
  await createClient(broker.connection).publish('metrics/devices/7/temperature', 21, { qos: 1 });
  await ends.told.first(({ hook }) => hook === 'completed');
  return countsOf(registry);
}

const failing = (): never => {
  throw new Error('it always fails');
};

const RECEIVED = 'mqtt_messages_received_total 1';
const DURATION = 'mqtt_message_handling_duration_seconds_count 1';

describeEachBroker('what became of a message is seen from metrics alone', (broker) => {
  it.each<[string, (attempt: number) => unknown, MqttSubscriptionOptions, string[]]>([
    ['handled', () => 'done', {}, ['handled_total{,outcome="succeeded"} 1', 'settled_total{,outcome="acked"} 1']],
    [
      'failed, and rejected',
      failing,
      { ackPolicy: AckPolicy.REJECT_ON_ERROR },
      ['handled_total{,outcome="failed"} 1', 'settled_total{,outcome="rejected"} 1'],
    ],
    [
      'withheld',
      () => {
        throw new NackMessage();
      },
      {},
      ['handled_total{,outcome="failed"} 1', 'settled_total{,outcome="withheld"} 1'],
    ],
  ])('%s', async (_title, handler, options, counts) => {
    expect(await metricsOf(broker, handler, options)).toEqual(
      [RECEIVED, DURATION, ...counts.map((count) => `mqtt_messages_${count}`)].toSorted(),
    );
  });

  it('retried', async () => {
    const retry = { attempts: 5, delay: 1, maxDelay: 1 };
    const counts = await metricsOf(broker, (attempt) => (attempt < 3 ? failing() : undefined), { retry });
    expect(counts).toContain('mqtt_message_retries_total 2');
    expect(counts).toContain('mqtt_messages_handled_total{,outcome="succeeded"} 1');
  });

  it('dead-lettered', async () => {
    const counts = await metricsOf(broker, failing, { deadLetter: 'metrics/dead' });
    expect(counts).toContain('mqtt_dead_letters_total{,outcome="accepted"} 1');
    expect(counts).toContain('mqtt_messages_settled_total{,outcome="dead-lettered"} 1');
  });
});

describe('a message that expires before it is sent', () => {
  it('is seen from metrics alone', async () => {
    const registry = new Registry();
    const { broker, url } = await startInProcessBroker();
    const client = createClient({
      ...connectionTo(url),
      observers: [mqttMetrics({ registry })],
      topicTemplates: ['metrics/short'],
    });
    await broker.stop();
    const expired = rejection(client.publish('metrics/short', 1, { qos: 1, messageExpiryInterval: 1 }));
    const now = Date.now.bind(Date);
    const later = jest.spyOn(Date, 'now').mockImplementation(() => now() + 3_000);
    await broker.start();
    expect(await expired).toBeInstanceOf(MessageExpiredError);
    later.mockRestore();
    expect(await linesOf(registry)).toContain(
      'mqtt_messages_published_total{broker="default",topic="metrics/short",kind="event",outcome="expired"} 1',
    );
  });
});

describeEachBroker('metrics of a server and its client', (broker) => {
  @Controller()
  class Calculator {
    @MessagePattern('metrics/{tenant}/double', { qos: 1 })
    double(@Payload() value: number): number {
      return value * 2;
    }

    @MessagePattern('metrics/{tenant}/hang')
    hang(): Promise<never> {
      return new Promise(() => {});
    }
  }

  it('requests, publishes, and how the connections stand', async () => {
    const registry = new Registry();
    const observers = [mqttMetrics({ registry })];
    const { app } = await startServer({ ...broker.connection, observers }, { controllers: [Calculator] });
    const client = createClient({ ...broker.connection, observers, topicTemplates: ['metrics/{tenant}/double'] });
    await client.request('metrics/a/double', 21);
    await client.request('metrics/b/double', 21);
    await expect(client.request('metrics/a/hang', 1, { timeout: 100 })).rejects.toThrow('within 100 ms');
    expect(await linesOf(registry)).toEqual(
      expect.arrayContaining([
        'mqtt_requests_total{broker="default",topic="metrics/{tenant}/double",outcome="replied"} 2',
        'mqtt_requests_total{broker="default",topic="<other>",outcome="timeout"} 1',
        'mqtt_request_duration_seconds_count{broker="default",topic="metrics/{tenant}/double"} 2',
        'mqtt_messages_published_total{broker="default",topic="metrics/{tenant}/double",kind="request",outcome="written"} 2',
        'mqtt_messages_published_total{broker="default",topic="metrics/{tenant}/double",kind="reply",outcome="written"} 2',
        'mqtt_handlers_running{broker="default",role="server"} 1', // the one that hangs
        'mqtt_connections{broker="default",role="server"} 1',
        'mqtt_connected{broker="default",role="client"} 1',
        'mqtt_subscriptions_granted{broker="default",role="server"} 2',
        'mqtt_requests_pending{broker="default",role="client"} 0',
      ]),
    );
    await client.close();
    await app.close();
    expect((await linesOf(registry)).filter((line) => line.startsWith('mqtt_connections'))).toEqual([]);
  });
});
