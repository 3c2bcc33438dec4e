import { beforeAll, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { AckPolicy, MqttSubscription, NackMessage, type MqttContext } from '../../../lib/index.js';
import { mqttTelemetry } from '../../../lib/otel/index.js';
import { durable } from '../../support/durable-session.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { RecordingObserver } from '../../support/recording-observer.js';
import { TestTelemetry, type Series } from '../../support/telemetry.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

const telemetry = TestTelemetry.register();
const DEVICES = 500;

const failing = (): never => {
  throw new Error('it fails');
};

@Controller()
@MqttSubscription({ qos: 1 })
class Everything {
  @EventPattern<unknown>('metrics/devices/{deviceId}')
  device(@Payload() _value: unknown): void {}

  @MqttSubscription({ shared: 'workers', deadLetter: 'metrics/dead' })
  @EventPattern<unknown>('metrics/dead-lettered')
  deadLettered(@Payload() _value: unknown): void {
    failing();
  }

  @EventPattern<unknown>('metrics/failing')
  failing(@Payload() _value: unknown): void {
    failing();
  }

  @EventPattern<unknown>('metrics/withheld')
  withheld(@Payload() _value: unknown): void {
    throw new NackMessage();
  }

  @MqttSubscription({ retry: { attempts: 2, delay: 1 } })
  @EventPattern<unknown>('metrics/retried')
  retried(@Payload() _value: unknown, @Ctx() { attempt }: MqttContext): void {
    if (attempt === 1) failing();
  }

  @MqttSubscription({ ackPolicy: AckPolicy.REJECT_ON_ERROR })
  @MessagePattern('metrics/requests')
  request(@Payload() value: number): number {
    return value;
  }
}

let series: Series[];
beforeAll(async () => {
  const { url } = await startInProcessBroker();
  const connection = connectionTo(url);
  const watching = new RecordingObserver();
  await startServer(
    { ...durable(connection), observers: [mqttTelemetry(), watching], name: 'plant' },
    { controllers: [Everything] },
  );
  const client = createClient({
    ...connection,
    observers: [mqttTelemetry()],
    topicTemplates: ['metrics/devices/{deviceId}', 'metrics/requests'],
  });
  const topics = Array.from({ length: DEVICES }, (_, i) => `metrics/devices/${i}`);
  const others = ['dead-lettered', 'failing', 'withheld', 'retried'].map((name) => `metrics/${name}`);
  for (const topic of [...topics, ...others]) await client.publish(topic, 1, { qos: 1 });
  await firstValueFrom(client.send('metrics/requests', 1));
  await watching.told.until(
    (told) => told.filter(({ hook }) => hook === 'completed').length === DEVICES + 5,
    'the end of all messages',
  );
  series = await telemetry.series();
});

const processedWith = (template: string): Series | undefined =>
  series.find(
    ({ metric, attributes }) =>
      metric.descriptor.name === 'messaging.process.duration' &&
      attributes['messaging.destination.template'] === template,
  );

describe('metrics by the messaging conventions', () => {
  it.each([
    ['messaging.client.operation.duration', 's'],
    ['messaging.client.sent.messages', '{message}'],
    ['messaging.client.consumed.messages', '{message}'],
    ['messaging.process.duration', 's'],
  ])('%s, in %s, with what the conventions require', (name, unit) => {
    const own = series.filter(({ metric }) => metric.descriptor.name === name);
    expect(own.length).toBeGreaterThan(0);
    for (const { metric, attributes } of own) {
      expect(metric.descriptor.unit).toBe(unit);
      expect(attributes).toMatchObject({
        'messaging.system': 'mqtt',
        'messaging.operation.name': expect.any(String),
        'server.address': expect.any(String),
        'server.port': expect.any(Number),
      });
      expect(Object.keys(attributes)).not.toContain('messaging.destination.name');
    }
  });

  it('durations have the boundaries that the conventions give', () => {
    const { metric } = processedWith('metrics/failing')!;
    const [point] = metric.dataPoints as { value: { buckets: { boundaries: number[] } } }[];
    expect(point!.value.buckets.boundaries).toEqual([
      0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
    ]);
  });

  it(`${DEVICES} topics make one series of each metric`, () => {
    const template = 'metrics/devices/{deviceId}';
    const own = series.filter(({ attributes }) => attributes['messaging.destination.template'] === template);
    expect(
      own
        .map(({ metric, count }) => [metric.descriptor.name, count])
        .toSorted(([a], [b]) => String(a).localeCompare(String(b))),
    ).toEqual([
      ['messaging.client.consumed.messages', DEVICES],
      ['messaging.client.operation.duration', DEVICES],
      ['messaging.client.sent.messages', DEVICES],
      ['messaging.process.duration', DEVICES],
    ]);
    expect(series.length).toBeLessThan(40);
  });

  it.each<[string, object]>([
    ['metrics/failing', { 'messaging.mqtt.outcome': 'acked', 'error.type': 'internal' }],
    ['metrics/retried', { 'messaging.mqtt.outcome': 'acked' }],
    ['metrics/withheld', { 'messaging.mqtt.outcome': 'withheld' }],
    [
      'metrics/dead-lettered',
      {
        'messaging.mqtt.outcome': 'dead-lettered',
        'error.type': 'internal',
        'messaging.consumer.group.name': 'workers',
        'messaging.mqtt.broker': 'plant',
      },
    ],
  ])('%s is known by its series', (template, attributes) => {
    expect(processedWith(template)?.attributes).toMatchObject(attributes);
  });

  it('a request has a duration of its own, from the call to the reply', () => {
    const request = series.find(({ attributes }) => attributes['messaging.operation.name'] === 'request');
    expect(request).toMatchObject({
      count: 1,
      attributes: { 'messaging.destination.template': 'metrics/requests' },
    });
  });
});
