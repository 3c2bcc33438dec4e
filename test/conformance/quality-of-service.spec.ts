import { describe, expect, it } from '@jest/globals';
import { ReasonCode } from '../../lib/testing/index.js';
import { useBrokers } from './support/broker-fixture.js';
import { persistent, RawClient, type QoS, type Version } from './support/raw-client.js';

const newBroker = useBrokers();
const levels: [Version, QoS][] = [
  [5, 0],
  [5, 1],
  [5, 2],
  [4, 0],
  [4, 1],
  [4, 2],
];
const tenPayloads = '0123456789'.split('');

async function slowForZero({ payload }: { payload: Buffer }): Promise<boolean> {
  return new Promise((resolve) => setTimeout(() => resolve(true), payload.toString() === '0' ? 20 : 0));
}

describe('QoS', () => {
  it.each(levels)('qos.v%i.%i: ten messages arrive once, in order, at their QoS', async (v, qos) => {
    const broker = newBroker();
    const subscriber = await RawClient.connect(broker, { v });
    const publisher = await RawClient.connect(broker, { v });
    await subscriber.subscribe('t', { qos });
    for (const payload of tenPayloads) await publisher.publish('t', payload, { qos });
    const received = await subscriber.take(10);
    expect(received.map(({ payload }) => payload.toString())).toEqual(tenPayloads);
    expect(new Set(received.map((packet) => packet.qos))).toEqual(new Set([qos]));
    expect(received.some(({ dup }) => dup)).toBe(false);
  });

  const pairs = ([0, 1, 2] as const).flatMap((sent) => ([0, 1, 2] as const).map((granted) => [sent, granted] as const));
  it.each(pairs)('[MQTT-3.8.4-8] published at %i to a subscription of %i: the lower', async (sent, granted) => {
    const broker = newBroker();
    const subscriber = await RawClient.connect(broker);
    expect(await subscriber.subscribe('t', { qos: granted })).toEqual([granted]);
    await (await RawClient.connect(broker)).publish('t', '', { qos: sent });
    const [packet] = await subscriber.take(1);
    expect(packet!.qos).toBe(Math.min(sent, granted));
  });

  it('[MQTT-3.2.2-9] Maximum QoS bounds what is granted, and what may be published', async () => {
    const broker = newBroker({ maximumQoS: 1 });
    const client = await RawClient.connect(broker);
    expect(await client.subscribe('t', { qos: 2 })).toEqual([1]);
    client.sendPublish('t', '', { qos: 2 });
    expect(await client.disconnected()).toBe(ReasonCode.QOS_NOT_SUPPORTED);
  });

  it('[MQTT-4.3.3-10] a QoS 2 message sent twice before its PUBREL is routed once', async () => {
    const broker = newBroker();
    const subscriber = await RawClient.connect(broker);
    await subscriber.subscribe('t', { qos: 2 });
    const publisher = await RawClient.connect(broker, { ack: false });
    publisher.sendPublish('t', 'once', { qos: 2, messageId: 7 });
    publisher.sendPublish('t', 'once', { qos: 2, messageId: 7, dup: true });
    publisher.send({ cmd: 'pubrel', messageId: 7, reasonCode: 0 });
    await publisher.expect('pubcomp');
    expect(publisher.received.filter(({ cmd }) => cmd === 'pubrec')).toHaveLength(2);
    expect(await subscriber.take(1)).toHaveLength(1);
  });

  it('[MQTT-4.3.3-11] after the PUBREL the Packet Identifier is a new message', async () => {
    const broker = newBroker();
    const subscriber = await RawClient.connect(broker);
    await subscriber.subscribe('t', { qos: 2 });
    const publisher = await RawClient.connect(broker);
    await publisher.publish('t', 'a', { qos: 2, messageId: 7 });
    publisher.received.length = 0;
    await publisher.publish('t', 'b', { qos: 2, messageId: 7 });
    await subscriber.take(2);
    expect(subscriber.payloads()).toEqual(['a', 'b']);
  });

  it('a QoS 2 message is recognised after a reconnect', async () => {
    const broker = newBroker();
    const subscriber = await RawClient.connect(broker);
    await subscriber.subscribe('t', { qos: 2 });
    const options = { ...persistent(5, 'publisher'), ack: false };
    const before = await RawClient.connect(broker, options);
    before.sendPublish('t', 'once', { qos: 2, messageId: 7 });
    await before.expect('pubrec');
    await before.drop(broker);
    const after = await RawClient.connect(broker, options);
    after.sendPublish('t', 'once', { qos: 2, messageId: 7, dup: true });
    await after.expect('pubrec');
    after.send({ cmd: 'pubrel', messageId: 7, reasonCode: 0 });
    expect((await after.expect('pubcomp')).reasonCode).toBe(0);
    expect(await subscriber.take(1)).toHaveLength(1);
  });

  it.each([
    ['PUBREL', 'pubrel', 'pubcomp'],
    ['PUBREC', 'pubrec', 'pubrel'],
  ] as const)('an unknown Packet Identifier in a %s is answered with 0x92', async (_, cmd, answer) => {
    const client = await RawClient.connect(newBroker(), { ack: false });
    client.send({ cmd, messageId: 99, reasonCode: 0 });
    expect((await client.expect(answer)).reasonCode).toBe(ReasonCode.PACKET_IDENTIFIER_NOT_FOUND);
  });

  it.each([
    [2, 'puback'],
    [1, 'pubrec'],
    [1, 'pubcomp'],
    [2, 'pubcomp'],
  ] as const)('[MQTT-4.3.2-2] [MQTT-4.3.3-4] QoS %i answered by a %s is a protocol error', async (qos, cmd) => {
    const broker = newBroker();
    const client = await RawClient.connect(broker, { ack: false });
    await client.subscribe('t', { qos });
    broker.publish({ topic: 't', qos });
    const { messageId } = await client.expect('publish');
    client.send({ cmd, messageId, reasonCode: 0 });
    expect(await client.disconnected()).toBe(ReasonCode.PROTOCOL_ERROR);
  });

  it('[MQTT-4.6.0-6] 300 messages of one publisher keep their order', async () => {
    const broker = newBroker();
    const subscriber = await RawClient.connect(broker);
    await subscriber.subscribe('t', { qos: 1 });
    const publisher = await RawClient.connect(broker);
    const numbers = Array.from({ length: 300 }, (_, i) => String(i));
    for (const payload of numbers) publisher.sendPublish('t', payload, { qos: 1 });
    await subscriber.take(300);
    expect(subscriber.payloads()).toEqual(numbers);
  });

  it('a payload of 1 MiB arrives as it was', async () => {
    const broker = newBroker();
    const subscriber = await RawClient.connect(broker);
    await subscriber.subscribe('t', { qos: 1 });
    const payload = Buffer.alloc(1024 * 1024, 'abcdefg');
    (await RawClient.connect(broker)).sendPublish('t', '', { qos: 1, payload });
    const [packet] = await subscriber.take(1);
    expect(payload.equals(packet!.payload as Buffer)).toBe(true);
  });
});

describe('acknowledgements that say more', () => {
  it.each([
    [1, true, 0x10],
    [2, true, 0x10],
    [1, false, 0],
    [2, false, 0],
  ] as const)('QoS %i with noMatchingSubscribers %s: 0x%i to a topic without subscribers', async (qos, on, code) => {
    const client = await RawClient.connect(newBroker({ noMatchingSubscribers: on }));
    client.sendPublish('nobody', '', { qos });
    const answer = await client.expect(qos === 1 ? 'puback' : 'pubrec');
    expect(answer.reasonCode).toBe(code);
  });

  it.each([1, 2] as const)(
    'authorizePublish refuses QoS %i in its acknowledgement, and drops the message',
    async (qos) => {
      const broker = newBroker({ authorizePublish: ({ topic }) => topic !== 'secret' });
      const client = await RawClient.connect(broker);
      await client.subscribe('#', { qos });
      const dropped = broker.waitFor('drop-message');
      expect(await client.publish('secret', 'x', { qos })).toBe(ReasonCode.NOT_AUTHORIZED);
      expect((await dropped).reason).toBe('refused');
      expect(await client.publish('open', 'x', { qos })).toBe(0);
      await client.take(1);
      expect(client.publishes().map(({ topic }) => topic)).toEqual(['open']);
    },
  );

  it('3.1.1 [MQTT-3.3.5-2] a refused publish ends the connection: there is no negative PUBACK', async () => {
    const client = await RawClient.connect(newBroker({ authorizePublish: () => false }), { v: 4 });
    client.sendPublish('t', '', { qos: 1 });
    await client.end();
    expect(client.received.map(({ cmd }) => cmd)).toEqual(['connack']);
  });

  it('[MQTT-4.6.0] a slow authorizePublish keeps the order of its messages', async () => {
    const broker = newBroker({ authorizePublish: slowForZero });
    const client = await RawClient.connect(broker);
    await client.subscribe('t', { qos: 1 });
    for (const payload of ['0', '1', '2']) client.sendPublish('t', payload, { qos: 1 });
    await client.take(3);
    expect(client.payloads()).toEqual(['0', '1', '2']);
  });
});
