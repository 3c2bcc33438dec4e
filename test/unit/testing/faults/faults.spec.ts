import { describe, expect, it } from '@jest/globals';
import { ReasonCode, type PacketEvent } from '../../../../lib/testing/index.js';
import { useBrokers } from '../../../conformance/support/broker-fixture.js';
import { persistent, RawClient } from '../../../conformance/support/raw-client.js';

const newBroker = useBrokers();

describe('faults.drop', () => {
  it('cuts a connection now, without a word; the session stays', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker, persistent(5, 'c'));
    const left = broker.waitFor('disconnect');
    broker.faults.drop('c');
    expect(await left).toEqual({ clientId: 'c', by: 'network', reasonCode: undefined });
    expect(await client.disconnected()).toBeUndefined();
    expect(broker.session('c')?.connected).toBe(false);
  });

  it('cuts a connection now, with a DISCONNECT', async () => {
    const broker = newBroker({ serverReference: 'elsewhere' });
    const client = await RawClient.connect(broker, { clientId: 'c' });
    broker.faults.drop('c', { reasonCode: ReasonCode.USE_ANOTHER_SERVER });
    expect(await client.disconnected()).toBe(ReasonCode.USE_ANOTHER_SERVER);
    const packet = await client.expect('disconnect');
    expect(packet.properties?.serverReference).toBe('elsewhere');
  });

  it('after a packet from the client: it is handled, its answer never arrives', async () => {
    const broker = newBroker();
    const watcher = await RawClient.connect(broker);
    await watcher.subscribe('t', { qos: 1 });
    const client = await RawClient.connect(broker, { clientId: 'c' });
    broker.faults.drop('c', { after: { direction: 'in', match: { cmd: 'publish', topic: 't' } } });
    expect(await client.publish('other', '', { qos: 1 })).toBe(ReasonCode.NO_MATCHING_SUBSCRIBERS);
    client.received.length = 0;
    client.sendPublish('t', 'arrived', { qos: 1 });
    await client.end();
    expect(client.received).toEqual([]);
    await watcher.take(1);
    expect(watcher.payloads()).toEqual(['arrived']);
  });

  it('after a packet from the client, with a DISCONNECT', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker, { clientId: 'c' });
    broker.faults.drop('c', { reasonCode: ReasonCode.SERVER_BUSY, after: { direction: 'in', match: 'pingreq' } });
    client.send({ cmd: 'pingreq' });
    expect(await client.disconnected()).toBe(ReasonCode.SERVER_BUSY);
    expect(client.received.map(({ cmd }) => cmd)).toEqual(['connack', 'disconnect']);
  });

  it('after a packet to the client: it is the last', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker, { clientId: 'c' });
    await client.subscribe('t', { qos: 1 });
    broker.faults.drop('c', { after: { direction: 'out', match: 'publish' } });
    broker.publish({ topic: 't', payload: '1', qos: 1 });
    broker.publish({ topic: 't', payload: '2', qos: 1 });
    await client.end();
    expect(client.payloads()).toEqual(['1']);
  });

  it('happens once, to one client, and can be taken back', async () => {
    const broker = newBroker();
    const [client, other] = [
      await RawClient.connect(broker, { clientId: 'c' }),
      await RawClient.connect(broker, { clientId: 'other' }),
    ];
    const remove = broker.faults.drop('c', { after: { direction: 'in', match: 'pingreq' } });
    await other.ping();
    remove();
    await client.ping();
    expect([client.closed, other.closed]).toEqual([false, false]);
  });

  it('says so when there is nobody to drop', () => {
    expect(() => newBroker().faults.drop('nobody')).toThrow('The client "nobody" is not connected to the broker');
  });
});

describe('faults.withhold', () => {
  it('swallows packets to the client: the message is routed, its PUBACK is not seen', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker, { clientId: 'c' });
    const remove = broker.faults.withhold('out', { cmd: 'puback', clientId: 'c', times: 1 });
    await client.subscribe('t', { qos: 0 });
    client.sendPublish('t', '1', { qos: 1 });
    await client.take(1);
    expect(client.received.some(({ cmd }) => cmd === 'puback')).toBe(false);
    expect(await client.publish('t', '2', { qos: 1 })).toBe(0); // once means once
    remove();
  });

  it('swallows packets from the client: what it acknowledges stays in flight', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker, { clientId: 'c' });
    await client.subscribe('t', { qos: 1 });
    const remove = broker.faults.withhold('in', 'puback');
    broker.publish({ topic: 't', qos: 1 });
    await client.take(1);
    expect(broker.session('c')?.inFlight).toBe(1);
    remove();
    const acknowledged = broker.waitFor('acknowledge');
    broker.publish({ topic: 't', qos: 1 });
    await acknowledged;
    expect(broker.session('c')?.inFlight).toBe(1);
  });

  it('chooses by topic, client, type and predicate', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker, { clientId: 'c' });
    await client.subscribe('#');
    broker.faults.withhold('out', { topic: 'secret/#' });
    broker.faults.withhold('out', { cmd: ['publish', 'puback'], clientId: 'somebody else' });
    broker.faults.withhold('out', (packet) => packet.cmd === 'publish' && packet.payload.toString() === 'bad');
    broker.faults.withhold('in', { cmd: 'publish', topic: 'x' });
    for (const topic of ['secret', 'secret/a', 'open', 'x']) broker.publish({ topic, payload: 'good' });
    broker.publish({ topic: 'open', payload: 'bad' });
    await client.take(2);
    expect(client.publishes().map(({ topic }) => topic)).toEqual(['open', 'x']);
  });
});

describe('faults.duplicate', () => {
  it('delivers twice, the second marked DUP', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker);
    await client.subscribe('t', { qos: 1 });
    broker.faults.duplicate('out', { cmd: 'publish', topic: 't', times: 1 });
    broker.publish({ topic: 't', payload: '1', qos: 1 });
    broker.publish({ topic: 't', payload: '2', qos: 1 });
    await client.take(3);
    expect(client.publishes().map(({ payload, dup, messageId }) => [payload.toString(), dup, messageId])).toEqual([
      ['1', false, 1],
      ['1', true, 1],
      ['2', false, 2],
    ]);
  });

  it('receives twice: QoS 1 is routed twice, QoS 2 once', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker);
    await client.subscribe('#');
    broker.faults.duplicate('in', 'publish');
    await client.publish('one', '', { qos: 1 });
    await client.publish('two', '', { qos: 2 });
    await client.take(3);
    expect(client.publishes().map(({ topic }) => topic)).toEqual(['one', 'one', 'two']);
  });
});

describe('faults.delay', () => {
  it('holds a packet back while others overtake it', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker);
    await client.subscribe('t');
    broker.faults.delay('out', { cmd: 'publish', times: 1 }, 30);
    const started = Date.now();
    broker.publish({ topic: 't', payload: 'slow' });
    broker.publish({ topic: 't', payload: 'quick' });
    await client.take(2);
    expect(client.payloads()).toEqual(['quick', 'slow']);
    expect(Date.now() - started).toBeGreaterThanOrEqual(29);
  });

  it('holds packets of the client back too', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker);
    await client.subscribe('t');
    broker.faults.delay('in', { cmd: 'publish', times: 1 }, 30);
    client.sendPublish('t', 'slow');
    client.sendPublish('t', 'quick');
    await client.take(2);
    expect(client.payloads()).toEqual(['quick', 'slow']);
  });

  it.each([2 ** 31, Infinity])('holds a packet back for %d ms, longer than a timer of Node', async (ms) => {
    const broker = newBroker();
    const client = await RawClient.connect(broker);
    await client.subscribe('t');
    broker.faults.delay('out', { cmd: 'publish', times: 1 }, ms);
    broker.faults.delay('out', { cmd: 'publish', times: 1 }, 10);
    broker.publish({ topic: 't', payload: 'very slow' });
    broker.publish({ topic: 't', payload: 'slow' });
    await client.take(1);
    expect(client.payloads()).toEqual(['slow']);
  });

  it.each([-1, 0.5, NaN])('refuses %d ms', (ms) => {
    expect(() => newBroker().faults.delay('in', 'publish', ms)).toThrow(/ms of delay\(\)/);
  });

  it('forgets the packet when its connection ends', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker, { clientId: 'c' });
    const published: unknown[] = [];
    broker.on('publish', (event) => published.push(event));
    broker.faults.delay('in', 'publish', 10);
    client.sendPublish('t');
    await client.ping();
    broker.faults.drop('c');
    await new Promise((resolve) => setTimeout(resolve, 30)); // longer than the delay: nothing is to happen in it
    expect(published).toEqual([]);
  });
});

describe('faults that refuse', () => {
  it.each([
    [5, ReasonCode.SERVER_UNAVAILABLE, 0x88],
    [4, ReasonCode.SERVER_UNAVAILABLE, 3],
  ] as const)('refuseConnections v%i: so many times, then not', async (v, reasonCode, code) => {
    const broker = newBroker();
    broker.faults.refuseConnections(reasonCode, { times: 2 });
    const codes: (number | undefined)[] = [];
    for (let i = 0; i < 3; i++) {
      const { connack } = await RawClient.connect(broker, { v });
      codes.push(connack.reasonCode ?? connack.returnCode);
    }
    expect(codes).toEqual([code, code, 0]);
  });

  it('refuseConnections: one client, until it is taken away', async () => {
    const broker = newBroker();
    const remove = broker.faults.refuseConnections(ReasonCode.BANNED, { clientId: 'c' });
    const code = async (clientId: string) => (await RawClient.connect(broker, { clientId })).connack.reasonCode;
    expect([await code('other'), await code('c')]).toEqual([0, ReasonCode.BANNED]);
    remove();
    expect(await code('c')).toBe(0);
  });

  it('refuseSubscriptions: by filter or predicate, until it is taken away', async () => {
    const broker = newBroker();
    const remove = broker.faults.refuseSubscriptions('$share/g/t', ReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED);
    const removeOther = broker.faults.refuseSubscriptions(({ qos }) => qos === 2, ReasonCode.QUOTA_EXCEEDED);
    const client = await RawClient.connect(broker);
    expect(await client.subscribe(['$share/g/t', 't'], { qos: 1 })).toEqual([0x9e, 1]);
    expect(await client.subscribe('t', { qos: 2 })).toEqual([0x97]);
    remove();
    removeOther();
    expect(await client.subscribe(['$share/g/t', 't'], { qos: 2 })).toEqual([2, 2]);
  });

  it('refusePublishes: by topic or predicate, until it is taken away', async () => {
    const broker = newBroker({ noMatchingSubscribers: false });
    const remove = broker.faults.refusePublishes('a/#', ReasonCode.QUOTA_EXCEEDED);
    const removeOther = broker.faults.refusePublishes(({ retain }) => retain, ReasonCode.NOT_AUTHORIZED);
    const client = await RawClient.connect(broker);
    expect(await client.publish('a/b', '', { qos: 1 })).toBe(ReasonCode.QUOTA_EXCEEDED);
    expect(await client.publish('a/b', '', { qos: 2 })).toBe(ReasonCode.QUOTA_EXCEEDED);
    expect(await client.publish('b', '', { qos: 1 })).toBe(0);
    expect(await client.publish('b', '', { qos: 1, retain: true })).toBe(ReasonCode.NOT_AUTHORIZED);
    remove();
    removeOther();
    expect(await client.publish('a/b', '', { qos: 1, retain: true })).toBe(0);
  });
});

describe('faults.endSession', () => {
  it('ends the session and breaks the connection', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker, persistent(5, 'c'));
    await client.subscribe('t', { qos: 1 });
    broker.faults.endSession('c');
    await client.end();
    expect(broker.session('c')).toBeUndefined();
    expect(broker.publish({ topic: 't', qos: 1 })).toBe(0);
    expect((await RawClient.connect(broker, persistent(5, 'c'))).connack.sessionPresent).toBe(false);
  });

  it('says so when there is none', () => {
    expect(() => newBroker().faults.endSession('c')).toThrow('no session of the client "c"');
  });
});

describe('faults.freeze', () => {
  it('stops reading and writing; thawed, everything arrives', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker, { clientId: 'c', keepalive: 1 });
    await client.subscribe('t');
    const seen: PacketEvent[] = [];
    broker.on('packet', (event) => event.direction === 'in' && seen.push(event));
    const thaw = broker.faults.freeze('c');
    broker.publish({ topic: 't', payload: 'held' });
    client.sendPublish('t', 'unread');
    await new Promise((resolve) => setTimeout(resolve, 1600)); // past the Keep Alive, which a frozen connection outlives
    expect(client.publishes()).toEqual([]);
    expect(seen).toEqual([]);
    expect(client.closed).toBe(false);
    thaw();
    await client.take(2);
    expect(client.payloads()).toEqual(['held', 'unread']);
  });

  it('the Client Identifier can be taken over, and the broker can be closed', async () => {
    const broker = newBroker();
    const first = await RawClient.connect(broker, { clientId: 'c' });
    broker.faults.freeze('c');
    await RawClient.connect(broker, { clientId: 'c' });
    await first.end();
    broker.faults.freeze('c');
    await broker.close();
    expect(broker.clients).toEqual([]);
  });
});
