import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { MqttRecordBuilder, type MqttContext, type QoS } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';

interface Handled {
  readonly data: unknown;
  readonly topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
}

/** Handlers that write down what they get. */
function devices(): { seen: Journal<Handled>; controller: new () => object } {
  const seen = new Journal<Handled>();

  @Controller()
  class Devices {
    @EventPattern<string>('events/+/temperature')
    temperature(@Payload() data: unknown, @Ctx() context: MqttContext): void {
      const { qos, retain } = context;
      seen.add({ data, topic: context.getTopic(), qos, retain });
    }
  }

  return { seen, controller: Devices };
}

describeEachBroker('events', (broker) => {
  describe.each([0, 1, 2] as const)('at QoS %i', (qos) => {
    it('reach their handler with that QoS, in order', async () => {
      const { seen, controller } = devices();
      await startServer({ ...broker.connection, subscribeOptions: { qos } }, { controllers: [controller] });
      const client = createClient(broker.connection);
      for (let i = 0; i < 20; i++)
        await lastValueFrom(
          client.emit('events/7/temperature', new MqttRecordBuilder({ celsius: i }).setQoS(qos).build()),
        );
      expect(await seen.atLeast(20)).toEqual(
        Array.from({ length: 20 }, (_, i) => ({
          data: { celsius: i },
          topic: 'events/7/temperature',
          qos,
          retain: false,
        })),
      );
    });
  });

  it('are delivered with the lower QoS of message and subscription', async () => {
    const { seen, controller } = devices();
    await startServer({ ...broker.connection, subscribeOptions: { qos: 1 } }, { controllers: [controller] });
    const client = createClient(broker.connection);
    for (const qos of [0, 1, 2] as const) await client.publish('events/7/temperature', qos, { qos });
    expect((await seen.atLeast(3)).map(({ data, qos }) => [data, qos])).toEqual([
      [0, 0],
      [1, 1],
      [2, 1],
    ]);
  });

  it('that were retained reach a handler that comes later', async () => {
    const topic = 'events/retained/temperature';
    const client = createClient(broker.connection);
    await client.publish(topic, 21, { qos: 1, retain: true });
    const { seen, controller } = devices();
    await startServer(broker.connection, { controllers: [controller] });
    await client.publish(topic, '', { qos: 1, retain: true }); // clears it
    expect(await seen.atLeast(2)).toEqual([
      { data: 21, topic, qos: 0, retain: true },
      { data: '', topic, qos: 0, retain: false },
    ]);
  });

  it('are emitted at once, whether the observable is subscribed or not', async () => {
    const { seen, controller } = devices();
    await startServer(broker.connection, { controllers: [controller] });
    createClient(broker.connection).emit('events/7/temperature', 1);
    expect((await seen.atLeast(1)).map(({ data }) => data)).toEqual([1]);
  });

  it('a wildcard takes what its level allows, and nothing else', async () => {
    const { seen, controller } = devices();
    await startServer(broker.connection, { controllers: [controller] });
    const peer = await connectMqttJs(broker);
    const topics = ['events/a/b/temperature', 'events/temperature', 'events/a/humidity', 'events//temperature'];
    for (const topic of topics) await peer.publishAsync(topic, '1');
    expect((await seen.atLeast(1)).map(({ topic }) => topic)).toEqual(['events//temperature']);
  });

  it('go out plain: a peer that knows nothing of Nest reads the bare value', async () => {
    const peer = await connectMqttJs(broker);
    const messages = await subscribeMqttJs(peer, 'events/plain', { qos: 1 });
    const client = createClient(broker.connection);
    await client.publish('events/plain', { celsius: 21 }, { qos: 1, retain: false });
    await client.publish('events/plain', 'warm', { qos: 1 });
    const received = await messages.atLeast(2);
    expect(received.map(({ payload, qos }) => [payload.toString(), qos])).toEqual([
      ['{"celsius":21}', 1],
      ['warm', 1],
    ]);
  });
});
