import { describe, expect, it } from '@jest/globals';
import { useBrokers } from './support/broker-fixture.js';
import { persistent, RawClient, type QoS, type Version } from './support/raw-client.js';

const newBroker = useBrokers();
const kept: [Version, QoS][] = [
  [5, 1],
  [5, 2],
  [4, 1],
  [4, 2],
];

describe('sessions', () => {
  it.each(kept)('session.queued v%i QoS %i: what came meanwhile is delivered in order, then live', async (v, qos) => {
    const broker = newBroker();
    const before = await RawClient.connect(broker, persistent(v, 'away'));
    await before.subscribe('t', { qos });
    await before.drop(broker);
    const publisher = await RawClient.connect(broker, { v });
    for (const payload of 'abc') await publisher.publish('t', payload, { qos });
    expect(broker.session('away')).toMatchObject({ connected: false, queued: 3 });
    const after = await RawClient.connect(broker, persistent(v, 'away'));
    await after.take(3);
    await publisher.publish('t', 'd', { qos });
    const received = await after.take(4);
    expect(after.payloads()).toEqual(['a', 'b', 'c', 'd']);
    expect(received.every((packet) => packet.qos === qos && !packet.dup)).toBe(true);
  });

  it('QoS 0 messages are not kept', async () => {
    const broker = newBroker();
    const before = await RawClient.connect(broker, persistent(5, 'away'));
    await before.subscribe('t', { qos: 1 });
    await before.drop(broker);
    broker.publish({ topic: 't', payload: 'zero' });
    broker.publish({ topic: 't', payload: 'one', qos: 1 });
    const after = await RawClient.connect(broker, persistent(5, 'away'));
    await after.take(1);
    expect(after.payloads()).toEqual(['one']);
  });

  it.each(kept)(
    '[MQTT-4.4.0-1] v%i QoS %i: an unacknowledged PUBLISH is sent again with DUP and its id',
    async (v, qos) => {
      const broker = newBroker();
      const before = await RawClient.connect(broker, { ...persistent(v, 'client'), ack: false });
      await before.subscribe('t', { qos });
      broker.publish({ topic: 't', payload: 'u', qos });
      const [first] = await before.take(1);
      await before.drop(broker);
      const after = await RawClient.connect(broker, persistent(v, 'client'));
      const again = await after.take(1);
      expect(first!.dup).toBe(false);
      expect(again).toHaveLength(1);
      expect(again[0]).toMatchObject({ dup: true, messageId: first!.messageId, qos });
    },
  );

  it.each([4, 5] as const)('v%i: several are sent again in their order [MQTT-4.6.0-1], before the queue', async (v) => {
    const broker = newBroker();
    const before = await RawClient.connect(broker, { ...persistent(v, 'client'), ack: false });
    await before.subscribe('t', { qos: 1 });
    for (const payload of 'abc') broker.publish({ topic: 't', payload, qos: 1 });
    await before.take(3);
    await before.drop(broker);
    broker.publish({ topic: 't', payload: 'd', qos: 1 });
    const after = await RawClient.connect(broker, persistent(v, 'client'));
    const received = await after.take(4);
    expect(received.map(({ payload, dup }) => `${payload.toString()}${dup}`)).toEqual([
      'atrue',
      'btrue',
      'ctrue',
      'dfalse',
    ]);
  });

  it('nothing is sent again on the same connection, however long it stays unacknowledged', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker, { ack: false });
    await client.subscribe('t', { qos: 1 });
    broker.publish({ topic: 't', qos: 1 });
    await client.take(1);
    await client.ping();
    expect(client.publishes()).toHaveLength(1);
    expect(broker.session(client.clientId)?.inFlight).toBe(1);
  });

  it('nothing is sent again after its acknowledgement', async () => {
    const broker = newBroker();
    const before = await RawClient.connect(broker, persistent(5, 'client'));
    await before.subscribe('t', { qos: 1 });
    const acknowledged = broker.waitFor('acknowledge');
    broker.publish({ topic: 't', qos: 1 });
    await acknowledged;
    await before.drop(broker);
    const after = await RawClient.connect(broker, persistent(5, 'client'));
    expect(await after.take(0)).toEqual([]);
  });

  it('after PUBREC the PUBREL is sent again, the PUBLISH is not', async () => {
    const broker = newBroker();
    const options = { ...persistent(5, 'client'), ack: false };
    const before = await RawClient.connect(broker, options);
    await before.subscribe('t', { qos: 2 });
    broker.publish({ topic: 't', qos: 2 });
    const { messageId } = await before.expect('publish');
    before.send({ cmd: 'pubrec', messageId, reasonCode: 0 });
    await before.expect('pubrel');
    await before.drop(broker);
    const after = await RawClient.connect(broker, options);
    expect((await after.expect('pubrel')).messageId).toBe(messageId);
    expect(after.publishes()).toEqual([]);
    const ended = broker.waitFor('acknowledge', ({ cmd }) => cmd === 'pubcomp');
    after.send({ cmd: 'pubcomp', messageId, reasonCode: 0 });
    await ended;
    expect(broker.session('client')?.inFlight).toBe(0);
  });

  it.each([
    [1, 'puback'],
    [2, 'pubrec'],
  ] as const)('[MQTT-4.4.0-2] QoS %i refused by a %s of 0x80 counts as received', async (qos, cmd) => {
    const broker = newBroker();
    const options = { ...persistent(5, 'client'), ack: false };
    const before = await RawClient.connect(broker, options);
    await before.subscribe('t', { qos });
    broker.publish({ topic: 't', qos });
    const { messageId } = await before.expect('publish');
    const acknowledged = broker.waitFor('acknowledge');
    before.send({ cmd, messageId, reasonCode: 0x80 });
    expect(await acknowledged).toMatchObject({ clientId: 'client', cmd, reasonCode: 0x80, message: { topic: 't' } });
    await before.drop(broker);
    const after = await RawClient.connect(broker, options);
    expect(await after.take(0)).toEqual([]);
  });

  it('maximumQueuedMessages bounds what is kept, and tells what was dropped', async () => {
    const broker = newBroker({ maximumQueuedMessages: 2 });
    const before = await RawClient.connect(broker, persistent(5, 'away'));
    await before.subscribe('t', { qos: 1 });
    await before.drop(broker);
    const dropped = broker.waitFor('drop-message');
    for (const payload of 'abc') broker.publish({ topic: 't', payload, qos: 1 });
    const { reason, message, clientId } = await dropped;
    expect([reason, message.payload.toString(), clientId]).toEqual(['queue-full', 'c', 'away']);
    const after = await RawClient.connect(broker, persistent(5, 'away'));
    await after.take(2);
    expect(after.payloads()).toEqual(['a', 'b']);
  });

  it('[MQTT-3.3.2-5] a message that expires in the queue is dropped; others tell what remains [MQTT-3.3.2-6]', async () => {
    const broker = newBroker();
    const before = await RawClient.connect(broker, persistent(5, 'away'));
    await before.subscribe('t', { qos: 1 });
    await before.drop(broker);
    broker.publish({ topic: 't', payload: 'short', qos: 1, properties: { messageExpiryInterval: 1 } });
    broker.publish({ topic: 't', payload: 'long', qos: 1, properties: { messageExpiryInterval: 3600 } });
    await new Promise((resolve) => setTimeout(resolve, 1100)); // the expiry itself is the time that passes
    const dropped = broker.waitFor('drop-message', ({ reason }) => reason === 'expired');
    const after = await RawClient.connect(broker, persistent(5, 'away'));
    const [packet] = await after.take(1);
    await dropped;
    expect(after.payloads()).toEqual(['long']);
    expect(packet!.properties!.messageExpiryInterval).toBeLessThan(3600);
    expect(packet!.properties!.messageExpiryInterval).toBeGreaterThan(0);
  });

  it('a 3.1.1 session is resumed over 5.0, and the other way round', async () => {
    const broker = newBroker();
    const before = await RawClient.connect(broker, persistent(4, 'both'));
    await before.subscribe('t', { qos: 1 });
    await before.drop(broker);
    broker.publish({ topic: 't', payload: 'kept', qos: 1, properties: { contentType: 'text/plain' } });
    const after = await RawClient.connect(broker, persistent(5, 'both'));
    const [packet] = await after.take(1);
    expect(packet!.properties?.contentType).toBe('text/plain');
  });
});
