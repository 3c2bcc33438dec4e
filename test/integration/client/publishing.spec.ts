import { describe, expect, it } from '@jest/globals';
import { MqttRecordBuilder as NestMqttRecordBuilder } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import {
  FeatureNotSupportedError,
  InvalidOptionsError,
  InvalidTopicError,
  MqttRecordBuilder,
  type ClientMqtt,
  type MqttRecordOptions,
} from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

describeEachBroker('publishing (rows 16 and 18)', (broker) => {
  it('QoS and retain of the call, of the record, of the publisher, of the client: the nearest one wins', async () => {
    const peer = await connectMqttJs(broker);
    const messages = await subscribeMqttJs(peer, 'publishing/levels', { qos: 2 });
    const client = createClient({ ...broker.connection, publishOptions: { qos: 2 } });
    const publisher = client.publisher('publishing/levels', { qos: 1 });
    await client.publish('publishing/levels', 'client');
    await publisher.publish('publisher');
    await publisher.publish('override', { qos: 0 });
    await client.publish('publishing/levels', new MqttRecordBuilder('record').setQoS(0).build());
    await client.publish('publishing/levels', new MqttRecordBuilder('call').setQoS(0).build(), { qos: 1 });
    await firstValueFrom(client.emit('publishing/levels', new MqttRecordBuilder('emitted').setQoS(0).build()), {
      defaultValue: undefined,
    });
    const sent = (await messages.atLeast(6)).map(({ payload, qos }) => `${payload.toString()} ${qos}`);
    expect(sent.toSorted()).toEqual(['call 1', 'client 2', 'emitted 0', 'override 0', 'publisher 1', 'record 0']);
    expect(publisher.topic).toBe('publishing/levels');
  });

  it.each<[what: string, empty: unknown]>([
    ["''", ''],
    ['Buffer.alloc(0)', Buffer.alloc(0)],
    ['undefined', undefined],
  ])('an empty payload, %s, clears a retained message; null is a value and does not', async (_what, empty) => {
    const client = createClient(broker.connection);
    const status = client.publisher('publishing/retained', { qos: 1, retain: true });
    await status.publish('on');
    await status.publish(null);
    const kept = await firstValueFrom(client.messages('publishing/retained'));
    expect([kept.data, kept.retain]).toEqual([null, true]);
    await status.publish(empty);
    const peer = await connectMqttJs(broker);
    const messages = await subscribeMqttJs(peer, 'publishing/retained');
    await peer.publishAsync('publishing/retained', 'fresh');
    expect((await messages.atLeast(1)).map(({ payload }) => payload.toString())).toEqual(['fresh']);
  });

  it.each(['', 'a/+', 'a/#', '+', 'a\0b', 'x'.repeat(65_536)])(
    'to %j is refused before anything is sent',
    async (topic) => {
      const client = createClient({ ...broker.connection });
      await expect(client.publish(topic, 1)).rejects.toBeInstanceOf(InvalidTopicError);
      await expect(client.request(topic, 1)).rejects.toBeInstanceOf(InvalidTopicError);
      await expect(client.publisher(topic).publish(1)).rejects.toBeInstanceOf(InvalidTopicError);
      await expect(firstValueFrom(client.send(topic, 1))).rejects.toBeInstanceOf(InvalidTopicError);
      await expect(firstValueFrom(client.emit(topic, 1))).rejects.toBeInstanceOf(InvalidTopicError);
    },
  );
});

const EVERYTHING: MqttRecordOptions = {
  qos: 1,
  retain: true,
  userProperties: { site: '7', tag: ['b', 'a', 'b'] },
  contentType: 'application/vnd.reading+json',
  responseTopic: 'publishing/answers',
  correlationData: Buffer.from([0, 255]),
  messageExpiryInterval: 600,
  payloadFormatIndicator: true,
};

describeEachBroker(
  'properties of what is published (rows 16 and 17)',
  (broker) => {
    const ways: [string, (client: ClientMqtt) => Promise<void>][] = [
      ['options of the call', (client) => client.publish('publishing/all', { a: 1 }, EVERYTHING)],
      ['defaults of a publisher', (client) => client.publisher('publishing/all', EVERYTHING).publish({ a: 1 })],
      [
        'our record',
        (client) =>
          client.publish(
            'publishing/all',
            new MqttRecordBuilder({ a: 1 })
              .setQoS(1)
              .setRetain(true)
              .setUserProperties({ site: '7', tag: ['b', 'a', 'b'] })
              .setContentType('application/vnd.reading+json')
              .setResponseTopic('publishing/answers')
              .setCorrelationData(Buffer.from([0, 255]))
              .setMessageExpiryInterval(600)
              .setPayloadFormatIndicator(true)
              .build(),
          ),
      ],
      [
        "Nest's record",
        (client) => {
          const { qos, retain, ...properties } = EVERYTHING;
          const record = new NestMqttRecordBuilder({ a: 1 })
            .setQoS(qos)
            .setRetain(retain)
            .setProperties(properties)
            .build();
          return client.publish('publishing/all', record);
        },
      ],
    ];

    it.each(ways)('all of them go over the wire: %s', async (_name, publish) => {
      const peer = await connectMqttJs(broker);
      const messages = await subscribeMqttJs(peer, 'publishing/all', { qos: 1 });
      await publish(createClient(broker.connection));
      const [message] = await messages.atLeast(1);
      const { qos, retain: _retain, ...properties } = EVERYTHING;
      expect(message).toMatchObject({ qos, payload: Buffer.from('{"a":1}') });
      const { messageExpiryInterval, userProperties, ...rest } = message!.properties!;
      expect({ ...rest, messageExpiryInterval, userProperties: { ...userProperties } }).toEqual(properties);
      await peer.publishAsync('publishing/all', '', { retain: true, qos: 1 });
    });

    it('what the broker keeps expires: a later subscriber is told what remains, or gets nothing', async () => {
      const client = createClient(broker.connection);
      const keep = { qos: 1, retain: true } as const;
      await client.publish('publishing/expiry/long', 'x', { ...keep, messageExpiryInterval: 600 });
      const { packet } = await firstValueFrom(client.messages('publishing/expiry/long'));
      expect(packet.properties!.messageExpiryInterval).toBeGreaterThan(0);
      expect(packet.properties!.messageExpiryInterval).toBeLessThanOrEqual(600);
      await client.publish('publishing/expiry/long', '', keep);
    });

    it('User Properties of call, publishOptions and client are put together, the nearest first', async () => {
      const peer = await connectMqttJs(broker);
      const messages = await subscribeMqttJs(peer, 'publishing/merged');
      const client = createClient({
        ...broker.connection,
        userProperties: { a: 'client', b: 'client', c: 'client' },
        publishOptions: { userProperties: { b: 'publishOptions', c: 'publishOptions' } },
      });
      await client.publish('publishing/merged', 1, { userProperties: { c: ['call', 'call again'] } });
      const [message] = await messages.atLeast(1);
      expect({ ...message!.properties!.userProperties }).toEqual({
        a: 'client',
        b: 'publishOptions',
        c: ['call', 'call again'],
      });
    });
  },
  { versions: [5] },
);

describe('what 3.1.1 does not have is refused by name, before anything is sent (rows 2, 16 and 17)', () => {
  const only5 = ['userProperties', 'contentType', 'correlationData', 'messageExpiryInterval', 'payloadFormatIndicator'];

  it.each(only5 as (keyof MqttRecordOptions)[])('%s', async (name) => {
    const { broker, url } = await startInProcessBroker();
    const published: unknown[] = [];
    broker.on('publish', ({ message }) => published.push(message));
    const client = createClient(connectionTo(url, 4));
    const options = { [name]: EVERYTHING[name] };
    for (const attempt of [
      client.publish('publishing/old', 1, options),
      client.publisher('publishing/old', options).publish(1),
      client.request('publishing/old', 1, options),
    ]) {
      await expect(attempt).rejects.toBeInstanceOf(FeatureNotSupportedError);
      await expect(attempt).rejects.toThrow(name);
    }
    await client.publish('publishing/old', 1, { qos: 1 });
    expect(published).toHaveLength(1);
  });

  it('a lone surrogate in a User Property or a payload is refused, in words', async () => {
    const { url } = await startInProcessBroker();
    const client = createClient(connectionTo(url));
    const lone = '\ud83d';
    await expect(client.publish('a', 1, { userProperties: { lone } })).rejects.toBeInstanceOf(InvalidOptionsError);
    await expect(client.publish('a', lone)).rejects.toThrow('lone surrogate');
    await expect(client.publish(lone, 1)).rejects.toBeInstanceOf(InvalidTopicError);
  });
});
