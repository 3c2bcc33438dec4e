import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Packet } from 'mqtt-packet';
import type { OutgoingMessage } from '../../../../lib/protocol/application-message.js';
import { Publisher, type OfflinePolicy, type Waiting } from '../../../../lib/wire/outbound/publisher.js';
import { HIGH_WATER_BYTES } from '../../../../lib/wire/outbound/writer.js';
import { SlowStore } from '../data-plane/slow-store.js';
import { BROKER, FakeConnection, LogBook } from '../support/fake-connection.js';
import { turns, until, type Network } from '../support/network.js';

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
afterEach(() => void jest.useRealTimers());

/** A publisher on a connection in the hands of the test. */
class Bench {
  readonly connection: FakeConnection;
  readonly publisher: Publisher;
  readonly log = new LogBook();
  /** What became of messages, in words. */
  readonly ends: string[] = [];
  readonly errors = new Map<string, Error>();

  constructor(policy: Partial<OfflinePolicy> = {}, mqtt: object = {}, version: 4 | 5 = 5) {
    this.connection = new FakeConnection(version, { mqtt });
    const whole: OfflinePolicy = { offline: 'queue', maxQueuedMessages: 100, ...policy };
    this.publisher = new Publisher(this.connection.real, whole, this.log.logger);
  }

  /** A connection whose subscriptions stand. */
  open(how: Parameters<FakeConnection['accept']>[0] = {}): Network {
    const network = this.connection.accept(how);
    void this.publisher.open(how.sessionPresent ?? false);
    return network;
  }

  send(topic: string, changes: Partial<OutgoingMessage> = {}, then?: () => void): Waiting | undefined {
    let within = true;
    const waiting = this.publisher.send({ topic, payload: 'x', qos: 0, retain: false, ...changes }, (error, code) => {
      this.ends.push(`${within ? 'within the call: ' : ''}${topic} ${error ? error.name : code}`);
      if (error) this.errors.set(topic, error);
      then?.();
    });
    within = false;
    return waiting;
  }

  /** What the broker has read on the present connection, in words. */
  async read(): Promise<string[]> {
    await this.network.read();
    return words(this.network.received);
  }

  get network(): Network {
    return this.connection.network!;
  }

  /** The broker acknowledges a message at QoS 1. */
  acknowledge(identifier: number, reasonCode = 0): boolean {
    return this.publisher.acknowledged('puback', identifier, reasonCode);
  }

  /** The broker answers a PINGREQ, and has taken what came before it. */
  async pong(): Promise<void> {
    this.connection.answerPing();
    await turns(2);
  }

  /** A publisher for which the topic is a suspect, on a new connection. */
  static async suspecting(topic: string, policy: Partial<OfflinePolicy> = {}): Promise<Bench> {
    const bench = new Bench(policy);
    bench.open();
    bench.send(topic);
    await bench.read();
    bench.connection.lose();
    bench.open();
    bench.ends.length = 0;
    return bench;
  }

  /** A publisher that has sent a message to a suspect topic alone, and waits for the broker to take it. */
  static async probing(topic: string): Promise<Bench> {
    const bench = await Bench.suspecting(topic);
    bench.send(topic);
    await bench.read();
    await bench.pong();
    await bench.read();
    return bench;
  }
}

function words(packets: readonly Packet[]): string[] {
  return packets.map((packet) => {
    if (packet.cmd !== 'publish') return packet.cmd;
    return `${packet.topic}${packet.qos > 0 ? ` ${packet.messageId}` : ''}${packet.dup ? ' dup' : ''}`;
  });
}

const QOS_1 = { qos: 1 } as const;

describe('Publisher, with a connection', () => {
  it('writes at once, in the order in which messages are handed over', async () => {
    const bench = new Bench();
    bench.open();
    expect(bench.send('a')).toBeUndefined();
    expect(bench.send('b', QOS_1)).toBeUndefined();
    expect(bench.send('c', { qos: 2 })).toBeUndefined();
    expect(await bench.read()).toEqual(['a', 'b 1', 'c 2']);
    expect(bench.ends).toEqual(['a 0']);
    expect(bench.publisher.pending).toBe(2);
    expect(bench.acknowledge(1, 0x10)).toBe(true);
    expect(bench.acknowledge(7)).toBe(false);
    expect(bench.ends).toEqual(['a 0', 'b 16']);
  });

  it('publish() is settled by the end of the message', async () => {
    const bench = new Bench();
    bench.open();
    const message: OutgoingMessage = { topic: 'a', payload: 'x', qos: 1, retain: false };
    const published = [bench.publisher.publish(message), bench.publisher.publish(message)];
    bench.acknowledge(1, 0x10);
    bench.acknowledge(2, 0x87);
    expect(await published[0]).toBe(0x10);
    await expect(published[1]).rejects.toMatchObject({ code: 'ERR_MQTT_PUBLISH_REFUSED', reasonCode: 0x87 });
  });

  it('holds back what the broker has no room for, and everything behind it, QoS 0 too', async () => {
    const bench = new Bench();
    bench.open({ limits: { receiveMaximum: 1, receiveMaximumQoS2: 1 } });
    bench.send('a', QOS_1);
    expect(bench.send('b', QOS_1)).toMatchObject({ message: { topic: 'b' } });
    expect(bench.send('c')).toMatchObject({ message: { topic: 'c' } });
    expect(await bench.read()).toEqual(['a 1']);
    expect(bench.publisher.pending).toBe(3);
    bench.acknowledge(1);
    expect(await bench.read()).toEqual(['a 1', 'b 2', 'c']);
  });

  it('holds back what a full socket does not take, until the broker reads', async () => {
    const bench = new Bench();
    const { peer, writer } = bench.open();
    peer.pause();
    bench.send('a', { payload: 'x'.repeat(2 * HIGH_WATER_BYTES) });
    writer.flush();
    bench.send('b');
    bench.send('c', QOS_1);
    await turns(3);
    expect(bench.publisher.pending).toBe(2);
    peer.resume();
    await until(() => bench.publisher.pending === 1, 'what was held back is written');
    expect(await bench.read()).toEqual(['a', 'b', 'c 1']);
  });

  it('gets through what was sent by who is told of an end before what waits', async () => {
    const bench = new Bench();
    bench.open({ limits: { receiveMaximum: 1, receiveMaximumQoS2: 1 } });
    bench.send('a', QOS_1, () => bench.send('again', QOS_1));
    bench.send('b', QOS_1);
    bench.acknowledge(1);
    bench.acknowledge(2);
    expect(await bench.read()).toEqual(['a 1', 'b 2', 'again 3']);
  });

  it('refuses more than 100,000 that wait', async () => {
    const bench = new Bench({ maxQueuedMessages: 1 });
    bench.open({ limits: { receiveMaximum: 1, receiveMaximumQoS2: 1 } });
    bench.send('a', QOS_1);
    for (let i = 0; i < 100_000; i++)
      bench.publisher.send({ topic: 'b', payload: '', qos: 1, retain: false }, () => {});
    expect(bench.send('one too many')).toBeUndefined();
    await turns();
    expect(bench.ends).toEqual(['one too many BackpressureError']);
    expect(bench.errors.get('one too many')?.message).toContain(`${BROKER} accepts messages more slowly`);
  });

  it('tells whoever sends what cannot be written, afterwards', async () => {
    const bench = new Bench();
    bench.open();
    jest.spyOn(bench.connection.identifiers, 'take').mockReturnValue(undefined);
    expect(bench.send('a', QOS_1)).toBeUndefined();
    expect(bench.ends).toEqual([]);
    await turns();
    expect(bench.errors.get('a')?.message).toBe('No Packet Identifier is free.');
    expect(bench.publisher.pending).toBe(0);
  });
});

describe('Publisher, and messages that are not sent', () => {
  it.each<[string, Partial<OutgoingMessage>, object, string]>([
    ['a text that cannot be sent [MQTT-1.5.4-2]', { properties: { contentType: '\0' } }, {}, 'InvalidOptionsError'],
    ['what the broker does not take [MQTT-3.2.2-11]', QOS_1, { maximumQoS: 0 }, 'PublishRefusedError'],
  ])('refuses %s, afterwards', async (_, changes, limits, error) => {
    const bench = new Bench();
    bench.open({ limits });
    expect(bench.send('a', changes)).toBeUndefined();
    expect(bench.ends).toEqual([]);
    await turns();
    expect(bench.ends).toEqual([`a ${error}`]);
    expect(await bench.read()).toEqual([]);
  });

  it('refuses what was queued before it was known what the broker takes, and sends the rest', async () => {
    const bench = new Bench();
    bench.send('a', { retain: true });
    bench.send('b');
    bench.open({ limits: { retainAvailable: false } });
    expect(await bench.read()).toEqual(['b']);
    expect(bench.errors.get('a')).toMatchObject({ reasonCode: 0x9a });
  });

  it('allows discouraged characters where the options do', async () => {
    const bench = new Bench();
    bench.open();
    bench.send('a\u0002');
    Object.assign(bench.connection.options, { discouragedCharacters: 'allow' });
    const allowed = new Publisher(bench.connection.real, { offline: 'queue', maxQueuedMessages: 1 }, bench.log.logger);
    void allowed.open(false);
    void allowed.publish({ topic: 'b\u0002', payload: '', qos: 0, retain: false });
    expect(await bench.read()).toEqual(['b\u0002']);
  });

  it('ends what has waited too long, and writes what remains of the others (section 3.3.2.3.3)', async () => {
    const bench = new Bench();
    bench.send('a', { properties: { messageExpiryInterval: 5 } });
    bench.send('b', { properties: { messageExpiryInterval: 6 } });
    bench.send('c', { qos: 1, properties: { messageExpiryInterval: 60 } });
    jest.advanceTimersByTime(5_000);
    bench.open();
    await bench.read();
    expect(bench.ends).toEqual(['a MessageExpiredError', 'b 0']);
    expect(bench.network.received).toMatchObject([
      { topic: 'b', properties: { messageExpiryInterval: 1 } },
      { topic: 'c', properties: { messageExpiryInterval: 55 } },
    ]);
  });

  it.each([0, 1, 2] as const)('rounds what remains up once, at QoS %i, also when it is sent again', async (qos) => {
    const bench = new Bench();
    bench.send('a', { qos, properties: { messageExpiryInterval: 10 } });
    jest.advanceTimersByTime(5_500);
    bench.open();
    await bench.read();
    expect(bench.network.received).toMatchObject([{ properties: { messageExpiryInterval: 5 } }]);
    if (qos === 0) return;
    bench.connection.lose({ hangUp: false });
    jest.advanceTimersByTime(2_600);
    bench.open({ sessionPresent: true });
    await bench.read();
    expect(bench.network.received).toMatchObject([{ properties: { messageExpiryInterval: 2 } }]);
  });

  it('tells of a message that must not wait (expiry 0) afterwards, as of every other', async () => {
    const bench = new Bench();
    bench.open({ limits: { receiveMaximum: 1, receiveMaximumQoS2: 1 } });
    bench.send('a', QOS_1);
    bench.send('b', { qos: 1, properties: { messageExpiryInterval: 0 } });
    await turns();
    expect(bench.ends).toEqual(['b MessageExpiredError']);
  });
});

describe('Publisher, without a connection', () => {
  it('connects when nobody has, and sends when the subscriptions stand', async () => {
    const bench = new Bench();
    bench.send('a');
    expect(bench.connection.connects).toBe(1);
    bench.connection.accept();
    bench.send('b', QOS_1);
    expect(await bench.read()).toEqual([]);
    await bench.publisher.open(false);
    expect(await bench.read()).toEqual(['a', 'b 1']);
  });

  it('queues as many as it may', async () => {
    const bench = new Bench({ maxQueuedMessages: 2 });
    for (const topic of 'abc') bench.send(topic);
    await turns();
    expect(bench.ends).toEqual(['c BackpressureError']);
    expect(bench.errors.get('c')?.message).toContain('no room to queue the message to "c"');
    bench.open();
    expect(await bench.read()).toEqual(['a', 'b']);
  });

  it('drops what has expired to make room', async () => {
    const bench = new Bench({ maxQueuedMessages: 2 });
    bench.send('a');
    bench.send('b', { properties: { messageExpiryInterval: 1 } });
    jest.advanceTimersByTime(1_000);
    expect(bench.send('c')).toBeDefined();
    expect(bench.ends).toEqual([]);
    await turns();
    expect(bench.ends).toEqual(['b MessageExpiredError']);
    bench.open();
    expect(await bench.read()).toEqual(['a', 'c']);
  });

  it("with offline: 'fail' waits for the first connection, and for no other", async () => {
    const bench = new Bench({ offline: 'fail' });
    bench.send('a');
    expect(bench.ends).toEqual([]);
    bench.connection.failAttempt();
    expect(bench.ends).toEqual(['a ConnectionClosedError']);
    expect(bench.errors.get('a')).toMatchObject({ maybeExecuted: false, cause: bench.connection.lastError });
    expect(bench.send('b')).toBeUndefined();
    await turns();
    expect(bench.ends).toEqual(['a ConnectionClosedError', 'b ConnectionClosedError']);
    bench.open();
    expect(await bench.read()).toEqual([]);
  });

  it("with offline: 'fail' still sees through what is under way", async () => {
    const bench = new Bench({ offline: 'fail' });
    bench.open();
    bench.send('a', QOS_1);
    bench.connection.lose({ hangUp: false });
    bench.connection.failAttempt();
    expect(bench.ends).toEqual([]);
    bench.open({ sessionPresent: true });
    expect(await bench.read()).toEqual(['a 1 dup']);
  });

  it("with offline: 'queue' keeps what waits through failed attempts", async () => {
    const bench = new Bench();
    bench.send('a');
    bench.connection.failAttempt();
    bench.open();
    expect(await bench.read()).toEqual(['a']);
  });

  it('loses a QoS 0 message whose connection ends before the socket has taken it, and says that it may have arrived', () => {
    const bench = new Bench();
    bench.open();
    bench.send('a');
    bench.connection.lose();
    expect(bench.errors.get('a')).toMatchObject({ code: 'ERR_MQTT_CONNECTION_CLOSED', maybeExecuted: true });
  });
});

describe('Publisher.open', () => {
  it('sends what is under way before what waits', async () => {
    const bench = new Bench();
    bench.open({ limits: { receiveMaximum: 2, receiveMaximumQoS2: 2 } });
    for (const topic of 'abc') bench.send(topic, QOS_1);
    bench.connection.lose({ hangUp: false });
    bench.send('d');
    bench.open({ sessionPresent: true, limits: { receiveMaximum: 1, receiveMaximumQoS2: 1 } });
    expect(await bench.read()).toEqual(['a 1 dup']);
    bench.acknowledge(1);
    bench.acknowledge(2);
    expect(await bench.read()).toEqual(['a 1 dup', 'b 2 dup', 'c 3', 'd']);
  });

  it('does nothing a second time on one connection', async () => {
    const bench = new Bench();
    bench.open();
    bench.send('a', QOS_1);
    await bench.publisher.open(true);
    expect(await bench.read()).toEqual(['a 1']);
  });

  it('does nothing without a connection, or on one that is being ended', async () => {
    const bench = new Bench();
    bench.send('a');
    await bench.publisher.open(false);
    const network = bench.connection.accept();
    network.writer.end();
    await bench.publisher.open(false);
    await network.closed();
    expect(network.written).toEqual([]);
    expect(bench.publisher.pending).toBe(1);
  });

  it('remembers that the session was lost on a connection that was not opened', async () => {
    const bench = new Bench();
    bench.open();
    bench.send('a', { qos: 2 });
    bench.send('b', QOS_1);
    bench.publisher.acknowledged('pubrec', 1, 0);
    bench.connection.lose({ hangUp: false });
    bench.connection.accept({ sessionPresent: false }); // its subscriptions are still being restored
    bench.connection.lose({ hangUp: false });
    bench.open({ sessionPresent: true });
    expect(await bench.read()).toEqual(['b 2']); // the session knows neither of them
    expect(bench.ends).toEqual(['a ConnectionClosedError']);
  });

  it('reads the store of an earlier process once, and sends that first', async () => {
    const store = new SlowStore();
    const stored = { cmd: 'publish' as const, topic: 'old', payload: 'x', qos: 1 as const, retain: false, dup: false };
    store.packets.set(5, { ...stored, messageId: 5 });
    const read = jest.spyOn(store, 'createStream');
    const bench = new Bench({}, { outgoingStore: store.real });
    bench.send('new', QOS_1);
    bench.open();
    await until(() => bench.network.received.length === 2, 'both are sent');
    expect(await bench.read()).toEqual(['old 5', 'new 1']);
    bench.connection.lose({ hangUp: false });
    bench.open({ sessionPresent: true });
    expect(await bench.read()).toEqual(['old 5 dup', 'new 1 dup']);
    expect(read).toHaveBeenCalledTimes(1);
    await bench.connection.close();
  });

  it('deletes from the store what expires while it waits, and sends what is behind it', async () => {
    const store = new SlowStore();
    const bench = new Bench({}, { outgoingStore: store.real });
    bench.send('expires', { ...QOS_1, properties: { messageExpiryInterval: 1 } });
    bench.send('stays', QOS_1);
    await turns(5);
    expect([...store.packets.keys()]).toEqual([1, 2]);
    jest.advanceTimersByTime(1_000);
    bench.open();
    await turns(5);
    expect(await bench.read()).toEqual(['stays 2']);
    expect(bench.ends).toEqual(['expires MessageExpiredError']);
    expect([...store.packets.keys()]).toEqual([2]);
    await bench.connection.close();
  });

  it('says in the log what becomes of a message of an earlier process that fails, and goes on', async () => {
    const store = new SlowStore();
    const stored = { cmd: 'publish' as const, payload: 'x', qos: 1 as const, retain: false, dup: false };
    store.packets.set(2, { ...stored, topic: 'refused', messageId: 2 });
    store.packets.set(3, { ...stored, topic: 'taken', messageId: 3 });
    store.packets.set(4, { ...stored, topic: 'under way', messageId: 4 });
    const bench = new Bench({}, { outgoingStore: store.real });
    bench.open();
    await until(() => bench.publisher.inFlight === 3, 'three are sent');
    expect(await bench.read()).toEqual(['refused 2', 'taken 3', 'under way 4']);
    bench.acknowledge(2, 0x87);
    bench.acknowledge(3);
    await bench.connection.close();
    expect(bench.log.lines).toEqual([expect.stringMatching(/^warn A message to "refused" of an earlier process/)]);
    expect([...store.packets.keys()]).toEqual([4]);
  });

  it('does not send on a connection that is gone when the store has been read', async () => {
    const store = new SlowStore();
    const bench = new Bench({}, { outgoingStore: store.real });
    bench.send('a', QOS_1);
    bench.send('b');
    const { written } = bench.open();
    bench.connection.lose({ hangUp: false });
    await turns(3);
    expect(written).toEqual([]);
    bench.open();
    await until(() => bench.network.received.length === 2, 'both are sent');
    expect(await bench.read()).toEqual(['a 1', 'b']);
    await bench.connection.close();
  });

  it('sends nothing before a message that is being stored', async () => {
    const bench = new Bench({}, { outgoingStore: new SlowStore().real });
    bench.open();
    await turns(3);
    bench.send('a', QOS_1);
    bench.send('b');
    await until(() => bench.network.received.length === 2, 'both are sent');
    expect(await bench.read()).toEqual(['a 1', 'b']);
    await bench.connection.close();
  });
});

describe('Publisher.withdraw', () => {
  it('takes a message out of the queue: it is never sent, and nobody is told', async () => {
    const bench = new Bench();
    const [, second] = [bench.send('a'), bench.send('b'), bench.send('c')];
    expect(bench.publisher.withdraw(second!)).toBe(true);
    expect(bench.publisher.withdraw(second!)).toBe(false);
    bench.open();
    expect(await bench.read()).toEqual(['a', 'c']);
    await bench.connection.close();
    expect(bench.ends).toEqual(['a 0', 'c 0']);
  });

  it.each<[string, (bench: Bench) => unknown]>([
    ['has been written', (bench) => bench.open()],
    ['has come to its end', (bench) => bench.connection.close()],
  ])('is too late when the message %s', (_, act) => {
    const bench = new Bench();
    const waiting = bench.send('a', QOS_1);
    act(bench);
    expect(bench.publisher.withdraw(waiting!)).toBe(false);
  });
});

describe('Publisher.whenEmpty', () => {
  it('resolves when every message has come to its end', async () => {
    const bench = new Bench();
    const empty = jest.fn();
    await bench.publisher.whenEmpty();
    bench.open();
    bench.send('a', QOS_1);
    void bench.publisher.whenEmpty().then(empty);
    void bench.publisher.whenEmpty().then(empty);
    await turns();
    expect(empty).not.toHaveBeenCalled();
    bench.acknowledge(1);
    await turns();
    expect(empty).toHaveBeenCalledTimes(2);
  });

  it.each<[string, Partial<OfflinePolicy>, (bench: Bench, waiting: Waiting) => unknown]>([
    ['the last one is withdrawn', {}, (bench, waiting) => bench.publisher.withdraw(waiting)],
    ['the last one is sent', {}, (bench) => bench.open()],
    ['an attempt to connect fails', { offline: 'fail' }, (bench) => bench.connection.failAttempt()],
    ['the connection is closed', {}, (bench) => bench.connection.close()],
  ])('resolves when %s', async (_, policy, act) => {
    const bench = new Bench(policy);
    const waiting = bench.send('a');
    const empty = bench.publisher.whenEmpty();
    act(bench, waiting!);
    await empty;
    expect(bench.publisher.pending).toBe(0);
  });
});

describe('Publisher, when the connection is closed', () => {
  it.each([
    ['by us', undefined, 'ConnectionClosedError'],
    ['or given up', new TypeError('gone'), 'TypeError'],
  ])('%s, tells everybody, and refuses what comes afterwards', async (_, error, name) => {
    const bench = new Bench();
    bench.open({ limits: { receiveMaximum: 1, receiveMaximumQoS2: 1 } });
    bench.send('a', QOS_1);
    bench.send('b', QOS_1);
    await bench.connection.close(error);
    expect(bench.ends).toEqual([`b ${name}`, 'a ConnectionClosedError']);
    expect(bench.errors.get('a')).toMatchObject({ maybeExecuted: true, cause: error });
    expect(bench.errors.get('b')).toMatchObject(error ?? { maybeExecuted: false });
    expect(bench.send('c')).toBeUndefined();
    await turns();
    expect(bench.ends.at(-1)).toBe(`c ${name}`);
    expect(bench.publisher.pending).toBe(0);
  });

  it('closes the store, once', async () => {
    const store = new SlowStore();
    const close = jest.spyOn(store, 'close');
    const bench = new Bench({}, { outgoingStore: store.real });
    await bench.connection.close();
    expect(close).toHaveBeenCalledTimes(1);
  });
});

describe('Publisher, and a QoS 0 message over which the broker may end the connection', () => {
  it('goes out alone: after the broker has taken what came before, and before anything else goes out', async () => {
    const bench = await Bench.suspecting('bad');
    bench.send('good');
    bench.send('bad');
    bench.send('after');
    expect(await bench.read()).toEqual(['good', 'pingreq']);
    await bench.pong();
    expect(await bench.read()).toEqual(['good', 'pingreq', 'bad', 'pingreq']);
    expect(bench.ends).toEqual(['good 0', 'bad 0']);
    bench.send('behind it', QOS_1);
    expect(await bench.read()).toHaveLength(4);
    expect(bench.connection.cleared).toBe(0);
    await bench.pong();
    expect(bench.connection.cleared).toBe(1);
    expect((await bench.read()).slice(4)).toEqual(['after', 'behind it 1']);
    bench.send('bad'); // no suspect any more
    expect((await bench.read()).slice(6)).toEqual(['bad']);
  });

  it('is refused for a minute when the connection ends over it once more', async () => {
    const bench = await Bench.probing('bad');
    const loss = bench.connection.lose();
    await turns();
    expect(loss.explained).toBe(true);
    expect(bench.connection.cleared).toBe(0);
    expect(bench.log.lines).toEqual([
      expect.stringMatching(/^warn .*"bad" was refused .* closed the connection because of it, twice/),
    ]);
    bench.open();
    bench.ends.length = 0;
    bench.send('bad');
    bench.send('good');
    bench.send('bad', QOS_1);
    await turns();
    expect(bench.errors.get('bad')).toMatchObject({ code: 'ERR_MQTT_PUBLISH_REFUSED' });
    expect(await bench.read()).toEqual(['good', 'bad 1']);
    jest.advanceTimersByTime(60_000);
    bench.send('bad');
    expect((await bench.read()).at(-1)).toBe('bad');
  });

  it('is told that it was refused where the socket had not taken it yet', async () => {
    const bench = await Bench.suspecting('bad');
    bench.send('bad');
    await bench.read();
    bench.connection.answerPing();
    await new Promise((resolve) => process.nextTick(resolve)); // it is written, and the turn is not over
    bench.connection.lose();
    await turns();
    expect(bench.ends).toEqual(['bad PublishRefusedError']);
  });

  it('is not refused when the connection ended over it, and the broker could not be reached at once', async () => {
    const bench = await Bench.probing('bad');
    bench.connection.lose(); // it was killed, twice
    bench.connection.failAttempt();
    bench.open();
    bench.send('bad');
    expect(await bench.read()).toEqual(['bad']);
    bench.connection.lose({ hangUp: false });
    bench.connection.failAttempt(); // of another loss
    bench.open();
    bench.send('bad');
    expect(await bench.read()).toEqual(['bad']);
  });

  it.each<[string, (bench: Bench) => unknown]>([
    ['the broker is there, and later it is not', (bench) => bench.open()],
    ['an attempt to connect is answered', (bench) => bench.connection.failAttempt(true)],
  ])('stays refused when %s', async (_, act) => {
    const bench = await Bench.probing('bad');
    bench.connection.lose();
    act(bench);
    bench.open();
    bench.connection.lose({ hangUp: false });
    bench.connection.failAttempt();
    bench.open();
    bench.ends.length = 0;
    bench.send('bad');
    await turns();
    expect(bench.ends).toEqual(['bad PublishRefusedError']);
  });

  it('stays refused when the broker said why [MQTT-3.14.2-1], though it could not be reached then', async () => {
    const bench = await Bench.probing('bad');
    bench.connection.lose({ reasonCode: 0x87 });
    bench.connection.failAttempt();
    bench.open();
    bench.ends.length = 0;
    bench.send('bad');
    await turns();
    expect(bench.ends).toEqual(['bad PublishRefusedError']);
  });

  it.each<[string, (bench: Bench) => unknown]>([
    ['the connection ended for another reason', (bench) => bench.connection.lose({ hangUp: false })],
    [
      'the broker could not be reached',
      (bench) => {
        bench.connection.lose();
        bench.connection.failAttempt();
      },
    ],
  ])('is trusted when %s', async (_, act) => {
    const bench = new Bench();
    bench.open();
    bench.send('a');
    await bench.read();
    act(bench);
    bench.open();
    bench.send('a');
    expect(await bench.read()).toEqual(['a']);
  });

  it('is not refused when something else may have ended the connection', async () => {
    const bench = await Bench.suspecting('bad');
    bench.send('bad');
    await bench.read();
    await bench.pong();
    bench.connection.prependOnceListener('lost', (loss) => (loss.suspected = true));
    bench.connection.lose();
    bench.open();
    bench.send('bad');
    expect(await bench.read()).toEqual(['pingreq']);
  });

  it('and one at QoS 1 that may have done so is trusted when the broker could not be reached', async () => {
    const bench = new Bench();
    bench.open();
    bench.send('a', QOS_1);
    bench.send('b', QOS_1);
    bench.connection.lose();
    bench.connection.failAttempt();
    bench.open({ sessionPresent: true });
    expect(await bench.read()).toEqual(['a 1 dup', 'b 2 dup']);
  });

  it('stays a suspect when an attempt to connect was answered', async () => {
    const bench = new Bench();
    bench.open();
    bench.send('a');
    await bench.read();
    bench.connection.lose();
    bench.connection.failAttempt(true);
    bench.open();
    bench.send('a');
    expect(await bench.read()).toEqual(['pingreq']);
  });

  it('waits until nothing else is under way', async () => {
    const bench = await Bench.suspecting('bad');
    bench.send('good', QOS_1);
    bench.send('bad');
    expect(await bench.read()).toEqual(['good 1']);
    bench.acknowledge(1);
    expect(await bench.read()).toEqual(['good 1', 'pingreq']);
  });

  it('may be withdrawn while the broker is asked: the others go out', async () => {
    const bench = await Bench.suspecting('bad');
    const waiting = bench.send('bad');
    bench.send('good');
    await bench.read();
    expect(bench.publisher.withdraw(waiting!)).toBe(true);
    await bench.pong();
    expect(await bench.read()).toEqual(['pingreq', 'good']);
    expect(bench.ends).toEqual(['good 0']);
  });

  it('is not sent when it expires while the broker is asked', async () => {
    const bench = await Bench.suspecting('bad');
    bench.send('bad', { properties: { messageExpiryInterval: 2 } });
    bench.send('good');
    await bench.read();
    jest.advanceTimersByTime(2_000);
    await bench.pong();
    expect(await bench.read()).toEqual(['pingreq', 'good']);
    expect(bench.ends).toEqual(['bad MessageExpiredError', 'good 0']);
  });

  it('goes out all the same when the broker does not answer in time', async () => {
    const bench = await Bench.suspecting('bad');
    bench.send('bad');
    bench.send('good');
    await bench.read();
    jest.advanceTimersByTime(30_000);
    await turns();
    expect(await bench.read()).toEqual(['pingreq', 'bad', 'pingreq']);
    jest.advanceTimersByTime(30_000);
    await turns();
    expect((await bench.read()).slice(3)).toEqual(['good']);
  });

  it.each(['before it is sent', 'after it is sent'])(
    'is asked about anew when the connection is lost %s',
    async (when) => {
      const bench = await Bench.suspecting('bad');
      bench.send('bad');
      bench.send('good');
      await bench.read();
      if (when === 'after it is sent') await bench.pong();
      await turns();
      bench.connection.lose({ hangUp: false });
      await turns(2);
      bench.open();
      bench.send('bad');
      expect(await bench.read()).toEqual([...(when === 'after it is sent' ? [] : ['bad']), 'good', 'bad']); // trusted again
      await bench.connection.close();
      expect(bench.publisher.pending).toBe(0);
    },
  );

  it('and one at QoS 1 to the same topic is not', async () => {
    const bench = await Bench.suspecting('bad');
    bench.send('bad', QOS_1);
    expect(await bench.read()).toEqual(['bad 1']);
  });

  it('nor is one at QoS 1 that is sent by who is told that another message was refused', async () => {
    const bench = new Bench();
    bench.open();
    bench.send('bad');
    bench.send('worse', QOS_1, () => bench.send('bad', QOS_1));
    await bench.read();
    for (let i = 0; i < 2; i++) {
      bench.connection.lose();
      bench.open({ sessionPresent: true });
    }
    expect(await bench.read()).toEqual(['bad 2']);
    expect(bench.ends.at(-1)).toBe('worse PublishRefusedError');
  });
});
