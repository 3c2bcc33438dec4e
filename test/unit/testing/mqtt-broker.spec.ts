import { EventEmitter, once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { describe, expect, it, jest } from '@jest/globals';
import { MqttClient } from 'mqtt';
import { MqttBroker, ReasonCode, type MqttBrokerEvents } from '../../../lib/testing/index.js';
import { useBrokers } from '../../conformance/support/broker-fixture.js';
import { nextEvent } from '../../conformance/support/mqttjs-event.js';
import { persistent, RawClient } from '../../conformance/support/raw-client.js';

const newBroker = useBrokers();

async function overTcp(url: string, options = {}): Promise<RawClient> {
  const { port, hostname } = new URL(url);
  const client = new RawClient(connectTcp(Number(port), hostname), options);
  client.sendConnect();
  client.connack = await client.expect('connack');
  return client;
}

async function isRefused(url: string): Promise<boolean> {
  const { port, hostname } = new URL(url);
  const socket = connectTcp(Number(port), hostname);
  return once(socket, 'connect').then(
    () => (socket.destroy(), false),
    () => true,
  );
}

function keepAliveTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

describe('listening', () => {
  it('may listen at several addresses, with one set of sessions', async () => {
    const broker = newBroker();
    const [first, second] = [await broker.listen(), await broker.listen({ host: 'localhost' })];
    const [a, b] = [await overTcp(first), await overTcp(second)];
    await a.subscribe('t');
    await b.publish('t', 'x');
    await a.take(1);
    expect(a.payloads()).toEqual(['x']);
    expect(first).toMatch(/^mqtt:\/\/127\.0\.0\.1:\d+$/);
    expect(second).toMatch(/^mqtt:\/\/localhost:\d+$/);
  });

  it('rejects when the port is taken', async () => {
    const broker = newBroker();
    const port = Number(new URL(await broker.listen()).port);
    await expect(broker.listen({ port })).rejects.toThrow('EADDRINUSE');
  });
});

describe('stop, start and restart', () => {
  it.each([true, false])('restart({ keepSessions: %s }) comes back at the same port', async (keepSessions) => {
    const broker = newBroker();
    const url = await broker.listen();
    const client = await overTcp(url, persistent(5, 'kept'));
    await client.subscribe('t', { qos: 1 });
    broker.publish({ topic: 'r', payload: 'retained', retain: true });
    await broker.restart({ keepSessions });
    expect(await client.disconnected()).toBeUndefined();
    const again = await overTcp(url, persistent(5, 'kept'));
    expect(again.connack.sessionPresent).toBe(keepSessions);
    expect(broker.publish({ topic: 't', qos: 1 })).toBe(keepSessions ? 1 : 0);
    expect(broker.retained('r')?.payload.toString()).toBe(keepSessions ? 'retained' : undefined);
  });

  it('is not there while it is stopped, with or without sockets', async () => {
    const broker = newBroker();
    const url = await broker.listen();
    await broker.stop();
    expect(await isRefused(url)).toBe(true);
    const [error] = (await once(broker.stream(), 'error')) as [Error];
    expect(error.message).toBe('The broker is stopped');
    await broker.start();
    expect((await overTcp(url)).connack.reasonCode).toBe(0);
    expect((await RawClient.connect(broker)).connack.reasonCode).toBe(0);
  });

  it('keeps for a session what the broker publishes meanwhile, and publishes no wills', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker, {
      ...persistent(5, 'c'),
      will: { topic: 't', payload: 'will', qos: 1 },
    });
    await client.subscribe('t', { qos: 1 });
    await broker.stop();
    broker.publish({ topic: 't', payload: 'meanwhile', qos: 1 });
    await broker.start();
    const back = await RawClient.connect(broker, persistent(5, 'c'));
    await back.take(1);
    expect(back.payloads()).toEqual(['meanwhile']);
  });

  it('a client of MQTT.js reconnects by itself', async () => {
    const broker = newBroker();
    const client = new MqttClient(() => broker.stream(), { protocolVersion: 5, reconnectPeriod: 5 });
    client.on('error', () => {});
    await nextEvent(client, 'connect');
    await broker.stop();
    const reconnected = nextEvent(client, 'connect');
    await broker.start();
    await reconnected;
    await client.endAsync();
    expect(broker.clients).toEqual([]);
  });
});

describe('close', () => {
  it('says goodbye with 0x8B, closes every stream, refuses new ones, and can be called twice', async () => {
    const broker = newBroker();
    const url = await broker.listen();
    const clients = [await overTcp(url), await RawClient.connect(broker)];
    await broker.close();
    await broker.close();
    for (const client of clients) expect(await client.disconnected()).toBe(ReasonCode.SERVER_SHUTTING_DOWN);
    expect(await isRefused(url)).toBe(true);
    expect(broker.sessions).toEqual([]);
  });

  it('ends connections that never got as far as CONNECT, or as a TLS handshake', async () => {
    const broker = newBroker();
    const urls = [await broker.listen(), await broker.listen({ tls: {} }), await broker.listen({ ws: true })];
    const sockets = urls.map((url) => connectTcp(Number(new URL(url).port), '127.0.0.1'));
    await Promise.all(sockets.map(async (socket) => once(socket, 'connect')));
    const closed = Promise.all(sockets.map(async (socket) => once(socket.resume(), 'close')));
    await broker.close();
    await closed;
    expect(sockets.every(({ destroyed }) => destroyed)).toBe(true);
  });

  it('leaves no timer that keeps a process alive', async () => {
    const broker = newBroker();
    const url = await broker.listen();
    const will = { topic: 'w', payload: 'x', properties: { willDelayInterval: 100 } };
    const client = await overTcp(url, { ...persistent(5, 'a', 100), keepalive: 100, will });
    const other = await RawClient.connect(broker, { ...persistent(5, 'b', 100), will });
    const before = keepAliveTimers();
    broker.faults.delay('in', 'pingreq', 100_000);
    client.send({ cmd: 'pingreq' });
    await broker.waitFor('packet', ({ packet }) => packet.cmd === 'pingreq');
    expect(keepAliveTimers()).toBe(before + 1);
    await other.drop(broker);
    await broker.close();
    expect(keepAliveTimers()).toBe(before);
  });

  it('does not wait for a client that never reads', async () => {
    const broker = newBroker();
    const stream = broker.stream();
    stream.write(Buffer.from([0x10, 13, 0, 4, 77, 81, 84, 84, 5, 2, 0, 0, 0, 0, 0]));
    await broker.waitFor('connect');
    await broker.close();
    expect(broker.clients).toEqual([]);
  });
});

describe('inspection', () => {
  it('shows sessions, connected or not', async () => {
    const broker = newBroker();
    const away = await RawClient.connect(broker, persistent(5, 'away', 30));
    await away.subscribe('$share/g/t/#', { qos: 2, rap: true, identifier: 4 });
    await away.drop(broker);
    await RawClient.connect(broker, { clientId: 'here' });
    broker.publish({ topic: 't/1', qos: 1 });
    expect(broker.clients.map(({ clientId }) => clientId)).toEqual(['here']);
    expect(broker.sessions.map(({ clientId }) => clientId)).toEqual(['away', 'here']);
    expect(broker.session('nobody')).toBeUndefined();
    expect(broker.session('away')).toEqual({
      clientId: 'away',
      connected: false,
      expirySeconds: 30,
      subscriptions: [{ filter: '$share/g/t/#', qos: 2, nl: false, rap: true, identifier: 4 }],
      queued: 1,
      inFlight: 0,
    });
  });
});

describe('events', () => {
  it('tell a conversation from beginning to end', async () => {
    const broker = newBroker();
    const told: string[] = [];
    const names: (keyof MqttBrokerEvents)[] = [
      'connect',
      'subscribe',
      'publish',
      'deliver',
      'acknowledge',
      'unsubscribe',
      'disconnect',
      'session-end',
    ];
    for (const name of names) broker.on(name, () => told.push(name));
    const client = await RawClient.connect(broker, { clientId: 'c', username: 'ada' });
    await client.subscribe('t', { qos: 1 });
    const acknowledged = broker.waitFor('acknowledge');
    await client.publish('t', 'x', { qos: 1 });
    await acknowledged;
    await client.unsubscribe('t');
    await client.disconnect();
    expect(told).toEqual(names);
  });

  it('carry what a test wants to know', async () => {
    const broker = newBroker();
    const connect = broker.waitFor('connect');
    const client = await RawClient.connect(broker, { clientId: 'c', username: 'ada', v: 4 });
    expect(await connect).toEqual({
      clientId: 'c',
      protocolVersion: 4,
      username: 'ada',
      clean: true,
      sessionPresent: false,
    });
    const subscribe = broker.waitFor('subscribe');
    await client.subscribe(['t', 'a+'], { qos: 1 });
    expect(await subscribe).toEqual({ clientId: 'c', filters: ['t', 'a+'], granted: [1, 0x80] });
    const [publish, deliver, acknowledge] = (['publish', 'deliver', 'acknowledge'] as const).map(async (name) =>
      broker.waitFor(name),
    );
    await client.publish('t', 'x', { qos: 1 });
    expect(await publish).toMatchObject({ clientId: 'c', will: false, message: { topic: 't', qos: 1 } });
    expect(await deliver).toMatchObject({
      clientId: 'c',
      packet: { cmd: 'publish', topic: 't', qos: 1, messageId: 1 },
    });
    expect(await acknowledge).toMatchObject({ clientId: 'c', cmd: 'puback', messageId: 1, reasonCode: 0 });
    const unsubscribe = broker.waitFor('unsubscribe');
    await client.unsubscribe('t');
    expect(await unsubscribe).toEqual({ clientId: 'c', filters: ['t'] });
    const disconnect = broker.waitFor('disconnect');
    await client.disconnect();
    expect(await disconnect).toEqual({ clientId: 'c', by: 'client', reasonCode: 0 });
  });

  it("'packet' shows no answer that a client is gone for, and the message is not lost", async () => {
    const gate = new EventEmitter();
    const broker = newBroker({ authorizePublish: async () => once(gate, 'open').then(() => true) });
    const client = await RawClient.connect(broker, { clientId: 'c' });
    const seen: string[] = [];
    broker.on('packet', ({ packet }) => seen.push(packet.cmd));
    const arrived = broker.waitFor('packet');
    client.sendPublish('t', '', { qos: 1 });
    await arrived;
    const [left, published] = [broker.waitFor('disconnect'), broker.waitFor('publish')];
    client.hangUp();
    await client.end();
    gate.emit('open');
    await Promise.all([left, published]);
    expect(seen).toEqual(['publish']);
  });

  it("'packet' shows every control packet on the wire, in both directions", async () => {
    const broker = newBroker();
    const seen: string[] = [];
    broker.on('packet', ({ direction, clientId, packet }) => seen.push(`${clientId} ${direction} ${packet.cmd}`));
    const client = await RawClient.connect(broker, { clientId: 'c' });
    await client.publish('t', '', { qos: 2 });
    await client.ping();
    await client.disconnect();
    expect(seen).toEqual([
      'c in connect',
      'c out connack',
      'c in publish',
      'c out pubrec',
      'c in pubrel',
      'c out pubcomp',
      'c in pingreq',
      'c out pingresp',
      'c in disconnect',
    ]);
  });
});

describe('waitFor', () => {
  it('resolves with the first event that fits', async () => {
    const broker = newBroker();
    const second = broker.waitFor('connect', ({ clientId }) => clientId === 'b');
    await RawClient.connect(broker, { clientId: 'a' });
    await RawClient.connect(broker, { clientId: 'b' });
    expect((await second).clientId).toBe('b');
    expect(broker.listenerCount('connect')).toBe(0);
  });

  it('rejects in time, and says what was missing', async () => {
    const broker = newBroker();
    const waiting = broker.waitFor('session-end', undefined, { timeoutMs: 5 });
    await expect(waiting).rejects.toThrow('The broker emitted no matching "session-end" event within 5 ms');
    expect(broker.listenerCount('session-end')).toBe(0);
  });

  it('waits for as long as it is told, also longer than a timer of Node', async () => {
    const broker = newBroker();
    const waiting = [2 ** 31, Infinity].map((timeoutMs) => broker.waitFor('connect', undefined, { timeoutMs }));
    await expect(broker.waitFor('session-end', undefined, { timeoutMs: 10 })).rejects.toThrow('10 ms');
    await RawClient.connect(broker, { clientId: 'a' });
    expect((await Promise.all(waiting)).map(({ clientId }) => clientId)).toEqual(['a', 'a']);
  });

  it('refuses a time that is none', async () => {
    const broker = newBroker();
    await expect(broker.waitFor('connect', undefined, { timeoutMs: NaN })).rejects.toThrow(
      /timeoutMs of waitFor\(\): NaN/,
    );
    expect(broker.listenerCount('connect')).toBe(0);
  });

  it('rejects when its predicate throws', async () => {
    const broker = newBroker();
    const waiting = broker.waitFor('connect', () => {
      throw new Error('wrong');
    });
    const [outcome] = await Promise.allSettled([waiting, RawClient.connect(broker)]);
    expect(outcome).toMatchObject({ status: 'rejected', reason: { message: 'The predicate of waitFor() failed' } });
  });
});

describe('construction', () => {
  it.each([0, 0.5, 2 ** 31, Infinity])('refuses a connectTimeoutMs of %d', (connectTimeoutMs) => {
    expect(() => new MqttBroker({ connectTimeoutMs })).toThrow(/connectTimeoutMs: .* from 1 to 2147483647/);
  });

  it('names every option that is wrong', () => {
    const wrong = { receiveMaximum: 0, overlap: 'both', authenticate: true, sharedSubscriptions: 'maybe' };
    expect(() => new MqttBroker(wrong as never)).toThrow(
      /authenticate.*receiveMaximum.*sharedSubscriptions.*overlap/s, // all of them, at once
    );
  });

  it('takes undefined for a default, and leaves its options alone', () => {
    expect(() => new MqttBroker(Object.freeze({ receiveMaximum: undefined }))).not.toThrow();
  });

  it('warns in production, once', () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const environment = process.env['NODE_ENV'];
    try {
      process.env['NODE_ENV'] = 'test';
      expect(new MqttBroker().clients).toEqual([]);
      expect(warn).not.toHaveBeenCalled();
      process.env['NODE_ENV'] = 'production';
      expect([new MqttBroker(), new MqttBroker()]).toHaveLength(2);
      expect(warn).toHaveBeenCalledTimes(1);
      expect(warn.mock.calls[0]![0]).toContain('development and tests');
    } finally {
      process.env['NODE_ENV'] = environment;
      warn.mockRestore();
    }
  });

  it('publish() refuses what is no Topic Name', () => {
    expect(() => newBroker().publish({ topic: 'a/#' })).toThrow('Invalid topic "a/#"');
  });
});
