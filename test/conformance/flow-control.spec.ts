import { describe, expect, it } from '@jest/globals';
import { ReasonCode } from '../../lib/testing/index.js';
import { useBrokers } from './support/broker-fixture.js';
import { persistent, RawClient } from './support/raw-client.js';

const newBroker = useBrokers();

describe('Receive Maximum', () => {
  it("[MQTT-3.3.4-9] the client's: no more unacknowledged, QoS 0 flows, an acknowledgement frees a place", async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker, { ack: false, properties: { receiveMaximum: 2 } });
    await client.subscribe('t', { qos: 1 });
    for (const payload of 'abcd') broker.publish({ topic: 't', payload, qos: 1 });
    broker.publish({ topic: 't', payload: 'zero' });
    await client.take(3);
    expect(client.payloads()).toEqual(['a', 'b', 'zero']);
    expect(broker.session(client.clientId)).toMatchObject({ inFlight: 2, queued: 2 });
    client.send({ cmd: 'puback', messageId: client.publishes()[0]!.messageId, reasonCode: 0 });
    await client.take(4);
    expect(client.payloads()).toEqual(['a', 'b', 'zero', 'c']);
  });

  it('QoS 2 takes its place until PUBCOMP', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker, { ack: false, properties: { receiveMaximum: 1 } });
    await client.subscribe('t', { qos: 2 });
    for (const payload of 'ab') broker.publish({ topic: 't', payload, qos: 2 });
    const { messageId } = await client.expect('publish');
    client.send({ cmd: 'pubrec', messageId, reasonCode: 0 });
    await client.expect('pubrel');
    expect(await client.take(1)).toHaveLength(1);
    client.send({ cmd: 'pubcomp', messageId, reasonCode: 0 });
    await client.take(2);
    expect(client.payloads()).toEqual(['a', 'b']);
  });

  it('holds on resume too, for what is sent again', async () => {
    const broker = newBroker();
    const before = await RawClient.connect(broker, { ...persistent(5, 'client'), ack: false });
    await before.subscribe('t', { qos: 1 });
    for (const payload of 'abcd') broker.publish({ topic: 't', payload, qos: 1 });
    await before.take(4);
    await before.drop(broker);
    const properties = { sessionExpiryInterval: 60, receiveMaximum: 2 };
    const after = await RawClient.connect(broker, { ...persistent(5, 'client'), ack: false, properties });
    await after.take(2);
    expect(after.payloads()).toEqual(['a', 'b']);
    for (const { messageId } of after.publishes()) after.send({ cmd: 'puback', messageId, reasonCode: 0 });
    await after.take(4);
    expect(after.payloads()).toEqual(['a', 'b', 'c', 'd']);
  });

  it("[MQTT-4.9.0-3] the broker's: one unacknowledged QoS 2 message too many is answered with 0x93", async () => {
    const client = await RawClient.connect(newBroker({ receiveMaximum: 2 }), { ack: false });
    for (let i = 0; i < 3; i++) client.sendPublish('t', '', { qos: 2 });
    expect(await client.disconnected()).toBe(ReasonCode.RECEIVE_MAXIMUM_EXCEEDED);
  });

  it("the broker's: acknowledged messages do not count, however many there were", async () => {
    const broker = newBroker({ receiveMaximum: 2 });
    const client = await RawClient.connect(broker);
    for (let i = 0; i < 10; i++) await client.publish('t', '', { qos: i % 2 ? 1 : 2 });
    expect(client.closed).toBe(false);
  });

  it('3.1.1 has none', async () => {
    const client = await RawClient.connect(newBroker({ receiveMaximum: 2 }), { v: 4, ack: false });
    for (let i = 0; i < 5; i++) client.sendPublish('t', '', { qos: 2 });
    await client.ping();
    expect(client.received.filter(({ cmd }) => cmd === 'pubrec')).toHaveLength(5);
  });
});

describe('Maximum Packet Size', () => {
  it.each([0, 1, 2] as const)(
    "[MQTT-3.1.2-24] [MQTT-3.1.2-25] the client's: QoS %i larger than it is dropped",
    async (qos) => {
      const broker = newBroker();
      const client = await RawClient.connect(broker, { properties: { maximumPacketSize: 100 } });
      await client.subscribe('t', { qos });
      const dropped = broker.waitFor('drop-message');
      broker.publish({ topic: 't', payload: 'x'.repeat(200), qos });
      broker.publish({ topic: 't', payload: 'small', qos });
      expect(await dropped).toMatchObject({ clientId: client.clientId, reason: 'packet-too-large' });
      await client.take(1);
      expect(client.payloads()).toEqual(['small']);
    },
  );

  it("the client's, to the byte", async () => {
    const broker = newBroker();
    // fixed header 2, Topic Name 3, Property Length 1, payload
    const client = await RawClient.connect(broker, { properties: { maximumPacketSize: 50 } });
    await client.subscribe('t');
    broker.publish({ topic: 't', payload: 'x'.repeat(45) });
    broker.publish({ topic: 't', payload: 'x'.repeat(44) });
    const received = await client.take(1);
    expect(received.map(({ payload }) => payload.length)).toEqual([44]);
  });

  it("[MQTT-3.2.2-15] the broker's: refused by its header, before the rest is there", async () => {
    const client = await RawClient.connect(newBroker({ maximumPacketSize: 1000 }));
    client.send(Buffer.from([0x30, 0x80, 0x80, 0x80, 0x01])); // 2 MiB are announced
    expect(await client.disconnected()).toBe(ReasonCode.PACKET_TOO_LARGE);
  });

  it("the broker's, to the byte", async () => {
    const broker = newBroker({ maximumPacketSize: 50 });
    const client = await RawClient.connect(broker);
    await client.publish('t', 'x'.repeat(44));
    expect(client.closed).toBe(false);
    client.sendPublish('t', 'x'.repeat(45));
    expect(await client.disconnected()).toBe(ReasonCode.PACKET_TOO_LARGE);
  });
});

describe('Topic Aliases', () => {
  it('[MQTT-3.3.2-7] from the client: resolved, and not passed on', async () => {
    const broker = newBroker();
    const subscriber = await RawClient.connect(broker);
    await subscriber.subscribe('#');
    const client = await RawClient.connect(broker);
    await client.publish('a', '1', { properties: { topicAlias: 1 } });
    await client.publish('', '2', { properties: { topicAlias: 1 } });
    await client.publish('b', '3', { properties: { topicAlias: 1 } });
    await client.publish('', '4', { properties: { topicAlias: 1 } });
    const received = await subscriber.take(4);
    expect(received.map(({ topic, payload }) => `${topic}${payload.toString()}`)).toEqual(['a1', 'a2', 'b3', 'b4']);
    expect(received.every(({ properties }) => properties?.topicAlias === undefined)).toBe(true);
  });

  it.each([
    ['[MQTT-3.3.2-8] 0', 'a', 0, ReasonCode.TOPIC_ALIAS_INVALID],
    ['[MQTT-3.3.2-9] above the maximum', 'a', 4, ReasonCode.TOPIC_ALIAS_INVALID],
    ['that stands for nothing', '', 3, ReasonCode.PROTOCOL_ERROR],
  ])('an alias %s ends the connection', async (_, topic, topicAlias, reasonCode) => {
    const client = await RawClient.connect(newBroker({ topicAliasMaximum: 3 }));
    client.sendPublish(topic, '', { properties: { topicAlias } });
    expect(await client.disconnected()).toBe(reasonCode);
  });

  it('an alias ends with its connection', async () => {
    const broker = newBroker();
    const before = await RawClient.connect(broker, persistent(5, 'client'));
    await before.publish('a', '', { properties: { topicAlias: 1 } });
    await before.drop(broker);
    const after = await RawClient.connect(broker, persistent(5, 'client'));
    after.sendPublish('', '', { properties: { topicAlias: 1 } });
    expect(await after.disconnected()).toBe(ReasonCode.PROTOCOL_ERROR);
  });

  it("[MQTT-3.1.2-26] assignTopicAliases: to the client, up to its maximum, the first topics' for good", async () => {
    const broker = newBroker({ assignTopicAliases: true });
    const client = await RawClient.connect(broker, { properties: { topicAliasMaximum: 2 } });
    await client.subscribe('#');
    for (const topic of ['a', 'b', 'c', 'a', 'b', 'c']) broker.publish({ topic });
    const received = await client.take(6);
    expect(received.map(({ topic, properties }) => [topic, properties?.topicAlias])).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', undefined],
      ['', 1],
      ['', 2],
      ['c', undefined],
    ]);
  });

  it('[MQTT-3.1.2-27] assignTopicAliases: none for a client that takes none', async () => {
    const broker = newBroker({ assignTopicAliases: true });
    const client = await RawClient.connect(broker);
    await client.subscribe('#');
    for (const topic of ['a', 'a']) broker.publish({ topic });
    expect((await client.take(2)).map(({ topic }) => topic)).toEqual(['a', 'a']);
  });
});
