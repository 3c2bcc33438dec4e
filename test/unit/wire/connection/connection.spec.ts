import { describe, expect, it, jest } from '@jest/globals';
import { resolveConnection, type MqttConnectionOptions } from '../../../../lib/options/connection-options.js';
import { LongTimeout } from '../../../../lib/timing/long-timeout.js';
import { Connection } from '../../../../lib/wire/connection/connection.js';
import type { Loss } from '../../../../lib/wire/connection/loss.js';
import type { PacketHandler } from '../../../../lib/wire/connection/network-connection.js';
import { closeAfterTest } from '../../../support/closing.js';
import { eventually, within } from '../../../support/deadline.js';
import { BrokerPeer, type PeerConnection } from '../support/broker-peer.js';
import { LogBook } from '../support/fake-connection.js';

/** A connection, its broker, and what happens to it, in order. */
class Bench {
  readonly connection: Connection;
  readonly log = new LogBook();
  readonly events: string[] = [];
  readonly losses: Loss[] = [];
  /** Told of every loss, before anything else is. */
  onLost: (loss: Loss) => void = () => {};
  /** What the data plane knows. */
  readonly handler: PacketHandler = {
    publish: ({ topic }) => void this.events.push(`publish ${topic}`),
    released: (identifier) => void this.events.push(`pubrel ${identifier}`),
    acknowledged: (kind, identifier) => {
      this.events.push(`${kind} ${identifier}`);
      return true;
    },
  };

  private constructor(
    private readonly broker: BrokerPeer,
    port: number,
    options: MqttConnectionOptions,
  ) {
    const whole = { url: `mqtt://127.0.0.1:${port}`, clientId: 'press-7', reconnect: { initialDelay: 0 }, ...options };
    this.connection = new Connection(resolveConnection(whole), this.log.logger);
    const { connection } = this;
    connection.handler = this.handler;
    connection.on('session', ({ sessionPresent, first }) => this.events.push(`session ${sessionPresent} ${first}`));
    connection.on('connected', () => this.events.push('connected'));
    connection.on('lost', (loss) => {
      this.losses.push(loss);
      this.onLost(loss);
      this.events.push('lost');
    });
    connection.on('attemptFailed', ({ answered = false }) => this.events.push(`attempt failed ${answered}`));
    connection.on('reconnecting', () => this.events.push('reconnecting'));
    connection.on('closed', (error) => this.events.push(`closed${error ? ` ${error.name}` : ''}`));
    closeAfterTest(() => connection.close());
  }

  static async start(options: MqttConnectionOptions = {}): Promise<Bench> {
    const [broker, port] = await BrokerPeer.listen(options.protocolVersion);
    return new Bench(broker, port, options);
  }

  /** The next connection, once both sides know that it is accepted. */
  async accepted(connack: object = {}): Promise<PeerConnection> {
    const opened = within(this.connection.open(), 'the connection');
    const peer = await this.broker.accepted(connack);
    await opened;
    return peer;
  }

  /** The next connection, which is refused. */
  async refused(connack: object): Promise<void> {
    const peer = await this.broker.accepted(connack);
    await peer.over();
  }

  async next(): Promise<PeerConnection> {
    return this.broker.next();
  }

  /** Resolves when that has happened so often. */
  async happened(event: string, times = 1): Promise<void> {
    await eventually(() => this.events.filter((one) => one.startsWith(event)).length >= times, `${event} (${times})`);
  }

  /** How the latest loss looked. */
  async loss(number = this.losses.length + 1): Promise<Loss> {
    await this.happened('lost', number);
    return this.losses[number - 1]!;
  }
}

describe('Connection, when it is lost', () => {
  it.each<[string, (peer: PeerConnection) => unknown, Partial<Loss>]>([
    ['the broker ends it without a word', (peer) => peer.socket.end(), { hangUp: true, reasonCode: undefined }],
    ['it is reset', (peer) => peer.reset(), { hangUp: true, reasonCode: undefined }],
    [
      'the broker says that it was sent something wrong',
      (peer) => peer.disconnect(0x81),
      { hangUp: true, reasonCode: 0x81 },
    ],
    [
      'the broker says that a packet was too large',
      (peer) => peer.disconnect(0x95),
      { hangUp: true, reasonCode: 0x95 },
    ],
    ['the broker is shut down', (peer) => peer.disconnect(0x8b), { hangUp: false, reasonCode: 0x8b }],
    ['the broker breaks the protocol', (peer) => peer.send(Buffer.from([0xc0, 0])), { hangUp: false }],
    [
      'the broker breaks the protocol in its answer to a message',
      (peer) => peer.send(Buffer.from([0x40, 0])),
      { hangUp: true },
    ],
  ])('tells whether something that was sent may have ended it: %s', async (_, act, expected) => {
    const bench = await Bench.start();
    const peer = await bench.accepted();
    act(peer);
    const loss = await bench.loss();
    expect(loss).toMatchObject({ ...expected, repeated: false, explained: false, protocolVersion: 5 });
    expect(loss.broker).toBe(bench.connection.broker);
    await bench.accepted();
    expect(bench.events).toEqual([
      'session false true',
      'connected',
      'lost',
      'reconnecting',
      'session false false',
      'connected',
    ]);
  });

  it('tells whether the broker did the same with the connection before', async () => {
    const bench = await Bench.start();
    for (const repeated of [false, true, true]) {
      const loss = bench.loss();
      (await bench.accepted()).socket.end();
      expect(await loss).toMatchObject({ hangUp: true, repeated });
    }
    (await bench.accepted()).disconnect(0x8b);
    await bench.loss(4);
    (await bench.accepted()).socket.end();
    expect(await bench.loss(5)).toMatchObject({ hangUp: true, repeated: false });
  });

  it.each([
    ['forgets the one before when an attempt in between did not reach the broker', undefined, false],
    ['remembers the one before when an attempt in between was refused', { reasonCode: 0x88 }, true],
  ])('%s', async (_, connack, repeated) => {
    const bench = await Bench.start({ connectTimeout: 5_000 });
    (await bench.accepted()).socket.end();
    await bench.loss(1);
    if (connack) await bench.refused(connack);
    else (await bench.next()).reset();
    await bench.happened('attempt failed');
    expect(bench.events).toContain(`attempt failed ${connack !== undefined}`);
    (await bench.accepted()).socket.end();
    expect(await bench.loss(2)).toMatchObject({ repeated });
  });

  it('has no writer any more when it is told of; what the socket had not taken ends after that', async () => {
    const bench = await Bench.start();
    const peer = await bench.accepted();
    const { writer } = bench.connection;
    bench.onLost = () => {
      expect(bench.connection.writer).toBeUndefined();
      expect(bench.connection.connected).toBe(false);
      expect(bench.connection.offline).toBe(true);
    };
    const payload = Buffer.alloc(20_000_000);
    writer!.publish({ topic: 'a', payload, qos: 0, retain: false }, 0, false, (error) =>
      bench.events.push(`end ${error?.message}`),
    );
    writer!.flush();
    peer.reset();
    await bench.happened('end');
    expect(bench.events.slice(2)).toEqual([
      'lost',
      'end The connection was lost while publishing to "a".',
      'reconnecting',
    ]);
  });

  it.each([false, true])('is made again at once when a listener knows what ended it (%s)', async (explained) => {
    const bench = await Bench.start({ reconnect: { initialDelay: 3_600_000, jitter: false } });
    bench.onLost = (loss) => (loss.explained = explained);
    (await bench.accepted()).socket.end();
    await bench.loss();
    if (explained) await bench.accepted();
    else await bench.happened('reconnecting');
    expect(bench.connection.connected).toBe(explained);
  });

  it('is not made again when another client has taken the session over', async () => {
    const bench = await Bench.start();
    (await bench.accepted()).disconnect(0x8e);
    await bench.happened('closed');
    expect(bench.losses).toMatchObject([{ hangUp: false }]);
    expect(bench.events.slice(2)).toEqual(['lost', 'closed ConnectionRefusedError']);
    await expect(bench.connection.open()).rejects.toThrow('Another client took over the session');
  });

  it('may be closed by who is told of it', async () => {
    const bench = await Bench.start();
    bench.onLost = () => void bench.connection.close();
    (await bench.accepted()).socket.end();
    await bench.happened('lost');
    expect(bench.events.slice(2)).toEqual(['closed', 'lost']);
  });

  it('is no loss when it was not accepted', async () => {
    const bench = await Bench.start();
    const opened = bench.connection.open();
    (await bench.next()).socket.end();
    await bench.happened('attempt failed');
    expect(bench.events[0]).toBe('attempt failed false');
    expect(bench.losses).toEqual([]);
    await bench.accepted();
    await opened;
  });
});

describe('Connection.resume', () => {
  it('ends it with a DISCONNECT and comes back at once; nothing that was sent is to blame', async () => {
    const bench = await Bench.start({ reconnect: { initialDelay: 3_600_000, jitter: false } });
    const peer = await bench.accepted();
    bench.connection.resume();
    bench.connection.resume();
    expect(bench.connection.connected).toBe(false);
    expect(bench.connection.writer).toBeUndefined();
    await peer.over();
    expect(peer.words).toEqual(['connect', 'disconnect']);
    expect(await bench.loss(1)).toMatchObject({ hangUp: false, repeated: false });
    await bench.accepted({ sessionPresent: true });
    expect(bench.events.slice(2)).toEqual(['lost', 'reconnecting', 'session true false', 'connected']);
  });

  it('does nothing without a connection', async () => {
    const bench = await Bench.start();
    bench.connection.resume();
    expect(bench.events).toEqual([]);
    await bench.accepted();
    expect(bench.connection.connected).toBe(true);
  });
});

describe('Connection, when it is closed', () => {
  it('writes a DISCONNECT behind what was written before, and is not lost', async () => {
    const bench = await Bench.start();
    const peer = await bench.accepted();
    bench.connection.writer!.acknowledge(0x40, 1);
    await bench.connection.close();
    await peer.over();
    expect(peer.words).toEqual(['connect', 'puback', 'disconnect']);
    expect(bench.events).toEqual(['session false true', 'connected', 'closed']);
    await expect(bench.connection.open()).rejects.toThrow('is closed');
  });

  it.each([
    ['takes them in time', true],
    ['does not read', false],
  ])('tells the senders of what the socket has not taken, whose broker %s', async (_, reads) => {
    const bench = await Bench.start();
    const peer = await bench.accepted();
    peer.socket.pause();
    const payload = Buffer.alloc(10_000_000);
    bench.connection.writer!.publish({ topic: 'a', payload, qos: 0, retain: false }, 0, false, () =>
      bench.events.push('end'),
    );
    await eventually(() => bench.connection.writer!.full, 'the socket is full');
    const closed = bench.connection.close();
    if (reads) peer.socket.resume();
    await closed;
    await bench.happened('end');
    expect(bench.events.filter((event) => event === 'end')).toHaveLength(1);
  });

  it('while it is made, is not made', async () => {
    const bench = await Bench.start();
    const opened = bench.connection.open();
    const peer = await bench.next();
    await peer.sent(1);
    expect(bench.connection.writer).toBeUndefined();
    const closed = bench.connection.close();
    await expect(opened).rejects.toThrow('is closed');
    await closed;
    await peer.over();
    expect(bench.events).toEqual(['closed']);
  });

  it('while it waits for the next attempt, makes none', async () => {
    const bench = await Bench.start({ reconnect: { initialDelay: 3_600_000, jitter: false } });
    (await bench.accepted()).socket.end();
    await bench.happened('reconnecting');
    const cleared = jest.spyOn(LongTimeout.prototype, 'clear');
    await bench.connection.close();
    await bench.connection.close();
    expect(cleared).toHaveBeenCalledTimes(1);
    cleared.mockRestore();
    expect(bench.events.at(-1)).toBe('closed');
    expect(bench.connection.closed).toBe(true);
  });
});

describe('Connection, and what comes before the CONNACK [MQTT-3.2.0-1]', () => {
  it.each([
    ['PUBLISH', Buffer.from([0x30, 4, 0, 1, 0x61, 0])],
    ['PUBREL', Buffer.from([0x62, 2, 0, 1])],
    ['PUBACK', Buffer.from([0x40, 2, 0, 1])],
    ['PINGRESP', Buffer.from([0xd0, 0])],
  ])('%s ends it, and is not handed on', async (_, bytes) => {
    const bench = await Bench.start({ reconnect: { initialDelay: 3_600_000, jitter: false } });
    bench.connection.open().catch(() => {});
    const peer = await bench.next();
    await peer.sent(1);
    peer.send(bytes);
    await bench.happened('attempt failed');
    expect(bench.events).toEqual(['attempt failed false', 'reconnecting']);
    expect(bench.connection.lastError?.message).toContain('before the CONNACK');
  });

  it('a second CONNACK ends it', async () => {
    const bench = await Bench.start({ reconnect: { initialDelay: 3_600_000, jitter: false } });
    const peer = await bench.accepted();
    peer.send({ cmd: 'connack', reasonCode: 0, sessionPresent: false });
    expect(await bench.loss()).toMatchObject({ hangUp: false });
    await peer.over();
    expect(peer.packets.at(-1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x82 });
  });
});

describe('Connection, and Topic Aliases (section 3.2.2.3.8)', () => {
  it.each([
    ['it has them, and they are wished for', true, 2, true],
    ['it has them, and they are not wished for', false, 2, false],
    ['it has none', true, 0, false],
  ])('to the broker: %s', async (_, autoAssignTopicAlias, topicAliasMaximum, expected) => {
    const bench = await Bench.start({ autoAssignTopicAlias });
    await bench.accepted({ properties: { topicAliasMaximum } });
    expect(bench.connection.writer!.aliases !== undefined).toBe(expected);
  });
});

describe('Connection, and who listens to packets', () => {
  it('that throws does not end it', async () => {
    const bench = await Bench.start();
    const peer = await bench.accepted();
    const { client, writer } = bench.connection;
    for (const event of ['packetsend', 'packetreceive', 'message'] as const) {
      client.on(event, () => {
        throw new Error(`in ${event}`);
      });
    }
    writer!.acknowledge(0x40, 1);
    peer.send(
      { cmd: 'publish', topic: 'a', payload: 'x', qos: 0, retain: false, dup: false },
      { cmd: 'puback', messageId: 1 },
    );
    await bench.happened('puback');
    expect(bench.events.slice(2)).toEqual(['publish a', 'puback 1']);
    expect(bench.log.lines.filter((line) => line.startsWith('error'))).toEqual([
      'error Error: in packetsend',
      'error Error: in packetreceive',
      'error Error: in message',
      'error Error: in packetreceive',
    ]);
    client.removeAllListeners('packetsend');
  });
});
