import { describe, expect, it } from '@jest/globals';
import { useBrokers } from './support/broker-fixture.js';
import { persistent, RawClient } from './support/raw-client.js';

const newBroker = useBrokers();

function utf8(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

function userProperties(...pairs: [string, string][]): Buffer {
  return Buffer.concat(pairs.flatMap(([name, value]) => [Buffer.from([0x26]), utf8(name), utf8(value)]));
}

function publishBytes(topic: string, properties: Buffer, { qos = 0, retain = false } = {}): Buffer {
  const id = qos > 0 ? Buffer.from([0, 77]) : Buffer.alloc(0);
  const body = Buffer.concat([utf8(topic), id, Buffer.from([properties.length]), properties, Buffer.from('x')]);
  return Buffer.concat([Buffer.from([0x30 | (qos << 1) | Number(retain), body.length]), body]);
}

// mqtt-packet sorts them by name and forgets empty values
const awkward = userProperties(['a', '1'], ['b', '2'], ['a', '3'], ['a', '1'], ['empty', ''], ['empty', ''], ['', 'x']);

describe('properties of a PUBLISH', () => {
  const all = {
    payloadFormatIndicator: true,
    messageExpiryInterval: 60,
    contentType: 'application/json',
    responseTopic: 'replies/1',
    correlationData: Buffer.from([0, 1, 2, 255]),
  };

  it.each([0, 1, 2] as const)(
    '[MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-20] QoS %i: passed on',
    async (qos) => {
      const broker = newBroker();
      const subscriber = await RawClient.connect(broker);
      await subscriber.subscribe('t', { qos });
      await (await RawClient.connect(broker)).publish('t', '{}', { qos, properties: all });
      const [packet] = await subscriber.take(1);
      expect(packet!.properties).toEqual(all);
    },
  );

  it.each([0, 1, 2] as const)('[MQTT-3.3.2-17] [MQTT-3.3.2-18] QoS %i: User Properties byte for byte', async (qos) => {
    const broker = newBroker();
    const subscriber = await RawClient.connect(broker);
    await subscriber.subscribe('t', { qos, identifier: 300 });
    (await RawClient.connect(broker)).send(publishBytes('t', awkward, { qos }));
    await subscriber.take(1);
    expect(subscriber.bytes.includes(awkward)).toBe(true);
    expect(subscriber.publishes()[0]!.properties?.subscriptionIdentifier).toBe(300);
  });

  it('[MQTT-3.3.2-18] also retained, and from the queue of a session', async () => {
    const broker = newBroker();
    const away = await RawClient.connect(broker, persistent(5, 'away'));
    await away.subscribe('t', { qos: 1 });
    await away.drop(broker);
    const publisher = await RawClient.connect(broker);
    publisher.send(publishBytes('t', awkward, { qos: 1, retain: true }));
    await publisher.expect('puback');
    const back = await RawClient.connect(broker, persistent(5, 'away'));
    await back.take(1);
    const late = await RawClient.connect(broker);
    await late.subscribe('t');
    await late.take(1);
    expect(back.bytes.includes(awkward)).toBe(true);
    expect(late.bytes.includes(awkward)).toBe(true);
  });

  it('a 3.1.1 subscriber gets the message without them', async () => {
    const broker = newBroker();
    const subscriber = await RawClient.connect(broker, { v: 4 });
    await subscriber.subscribe('t', { qos: 1, identifier: 1 });
    const publisher = await RawClient.connect(broker);
    publisher.send(publishBytes('t', awkward, { qos: 1 }));
    await publisher.publish('t', 'second', { qos: 1, properties: all });
    await subscriber.take(2);
    expect(subscriber.payloads()).toEqual(['x', 'second']);
    expect(subscriber.publishes().every(({ properties }) => properties === undefined)).toBe(true);
  });

  it('a request and its response find each other', async () => {
    const broker = newBroker();
    const [requester, responder] = [await RawClient.connect(broker), await RawClient.connect(broker)];
    await responder.subscribe('rpc', { qos: 1 });
    await requester.subscribe('inbox/1', { qos: 1 });
    const correlationData = Buffer.from('unique');
    await requester.publish('rpc', 'ping', { qos: 1, properties: { responseTopic: 'inbox/1', correlationData } });
    const request = await responder.expect('publish');
    const { responseTopic, correlationData: id } = request.properties!;
    await responder.publish(responseTopic!, 'pong', { qos: 1, properties: { correlationData: id } });
    const response = await requester.expect('publish');
    expect(correlationData.equals(response.properties!.correlationData!)).toBe(true);
  });

  it('publish() of the broker itself takes properties, and keeps what it was given', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker);
    await client.subscribe('t');
    const properties = Object.freeze({ userProperties: Object.freeze({ k: Object.freeze(['1', '2']) as string[] }) });
    broker.publish(Object.freeze({ topic: 't', payload: new Uint8Array([1, 2]), properties }));
    const [packet] = await client.take(1);
    expect(packet!.properties?.userProperties?.['k']).toEqual(['1', '2']);
    expect([...(packet!.payload as Buffer)]).toEqual([1, 2]);
  });
});
