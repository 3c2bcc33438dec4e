import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { IClientOptions, Packet } from 'mqtt';
import { ConnectionClosedError } from '../../../../lib/errors/connection-closed.error.js';
import { MessageExpiredError } from '../../../../lib/errors/message-expired.error.js';
import { PublishRefusedError } from '../../../../lib/errors/publish-refused.error.js';
import type { OutgoingMessage, QoS } from '../../../../lib/protocol/application-message.js';
import { brokerLimits } from '../../../../lib/wire/connection/broker-limits.js';
import type { Loss } from '../../../../lib/wire/connection/loss.js';
import { InFlightWindow, type AcknowledgementKind } from '../../../../lib/wire/outbound/in-flight-window.js';
import { OutgoingStore } from '../../../../lib/wire/outbound/outgoing-store.js';
import { PacketIdentifiers } from '../../../../lib/wire/outbound/packet-identifiers.js';
import { BROKER } from '../support/fake-connection.js';
import { Network } from '../support/network.js';

type Store = NonNullable<IClientOptions['outgoingStore']>;

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
afterEach(() => void jest.useRealTimers());

/** What of a CONNACK matters here. */
interface Acceptance {
  readonly sessionPresent?: boolean;
  readonly receiveMaximum?: number;
}

/** A window on one network connection after another. */
class Bench {
  readonly identifiers = new PacketIdentifiers();
  readonly window: InFlightWindow;
  /** What became of messages, in words. */
  readonly ends: string[] = [];
  readonly errors = new Map<string, Error>();
  /** How often there was room. */
  rooms = 0;
  /** How often a suspect was answered. */
  cleared = 0;
  /** How often a QoS 2 message was taken at QoS 1. */
  lowered = 0;
  onRoom: () => void = () => {};
  private network = new Network();

  constructor(
    store?: OutgoingStore,
    private readonly protocolVersion: 4 | 5 = 5,
  ) {
    const onRoom = (): void => {
      this.rooms++;
      this.onRoom();
    };
    this.window = new InFlightWindow({
      identifiers: this.identifiers,
      store,
      onRoom,
      onCleared: () => this.cleared++,
      onLowered: () => this.lowered++,
      onGivenUp: () => {},
    });
  }

  connect({ sessionPresent = false, receiveMaximum }: Acceptance = {}): this {
    const { protocolVersion } = this;
    this.network = new Network(protocolVersion);
    const properties = receiveMaximum === undefined ? {} : { receiveMaximum };
    const limits = brokerLimits({ cmd: 'connack', sessionPresent, properties }, protocolVersion);
    this.window.resume({ writer: this.network.writer, limits, protocolVersion }, sessionPresent);
    return this;
  }

  /** Sends one message to each topic. */
  send(topics: string, qos: QoS = 1, changes: Partial<OutgoingMessage> = {}, then?: () => void): this {
    for (const topic of topics) {
      this.window.send({ topic, payload: 'x', qos, retain: false, ...changes }, (error, reasonCode) => {
        this.ends.push(error ? `${topic} ${error.name}` : `${topic} ${reasonCode}`);
        if (error) this.errors.set(topic, error);
        then?.();
      });
    }
    return this;
  }

  /** Acknowledgements from the broker, such as `puback 1`. */
  answer(...answers: (readonly [AcknowledgementKind, number, number?])[]): boolean[] {
    return answers.map(([kind, identifier, code = 0]) => this.window.acknowledged(kind, identifier, code));
  }

  lose(changes: Partial<Loss> = {}): Loss {
    const { protocolVersion } = this;
    const loss: Loss = {
      hangUp: true,
      repeated: false,
      reasonCode: undefined,
      broker: BROKER,
      protocolVersion,
      suspected: false,
      explained: false,
      ...changes,
    };
    this.network.stream.destroy();
    this.window.lost(loss);
    this.network.writer.lost();
    return loss;
  }

  /** What has been written on the present connection, in words: `a 1`, `a 1 dup`, `pubrel 1`. */
  get written(): string[] {
    this.network.writer.flush();
    return this.network.written.map((packet) => {
      if (packet.cmd === 'publish') return `${packet.topic} ${packet.messageId}${packet.dup ? ' dup' : ''}`;
      return `${packet.cmd} ${packet.messageId}`;
    });
  }

  get writtenPackets(): readonly Packet[] {
    this.network.writer.flush();
    return this.network.written;
  }
}

/** Any message at that QoS. */
function at(qos: QoS): OutgoingMessage {
  return { topic: 'z', payload: '', qos, retain: false };
}

describe('InFlightWindow, one exchange', () => {
  it.each([
    ['QoS 1 by PUBACK [MQTT-4.3.2-3]', 1 as const, [['puback', 1, 0]] as const, 'a 0'],
    ['QoS 1 to a topic without subscribers', 1 as const, [['puback', 1, 0x10]] as const, 'a 16'],
    [
      'QoS 2 by PUBCOMP [MQTT-4.3.3-5]',
      2 as const,
      [
        ['pubrec', 1, 0],
        ['pubcomp', 1, 0],
      ] as const,
      'a 0',
    ],
    [
      'QoS 2 to a topic without subscribers, of which the PUBREC tells',
      2 as const,
      [
        ['pubrec', 1, 0x10],
        ['pubcomp', 1, 0],
      ] as const,
      'a 16',
    ],
    [
      'QoS 2, and a broker that does not know the identifier any more (0x92)',
      2 as const,
      [
        ['pubrec', 1, 0],
        ['pubcomp', 1, 0x92],
      ] as const,
      'a 0',
    ],
  ])('ends at %s', (_, qos, answers, end) => {
    const bench = new Bench().connect().send('a', qos);
    for (const answer of answers) {
      expect(bench.ends).toEqual([]);
      expect(bench.window.size).toBe(1);
      expect(bench.answer(answer)).toEqual([true]);
    }
    expect(bench.ends).toEqual([end]);
    expect(bench.window.size).toBe(0);
    expect(bench.rooms).toBe(1);
    expect(bench.identifiers.control.register(1)).toBe(true); // free again
    expect(bench.answer(answers.at(-1)!)).toEqual([false]);
    expect(bench.ends).toHaveLength(1);
  });

  it.each([
    ['PUBACK', 1 as const, [['puback', 1, 0x87]] as const, 0x87],
    ['PUBREC [MQTT-4.4.0-2]', 2 as const, [['pubrec', 1, 0x97]] as const, 0x97],
    [
      'PUBCOMP',
      2 as const,
      [
        ['pubrec', 1, 0],
        ['pubcomp', 1, 0x80],
      ] as const,
      0x80,
    ],
  ])('is refused by a %s that says so', (_, qos, answers, reasonCode) => {
    const bench = new Bench().connect().send('a', qos);
    bench.answer(...answers);
    expect(bench.errors.get('a')).toBeInstanceOf(PublishRefusedError);
    expect(bench.errors.get('a')).toMatchObject({ topic: 'a', reasonCode });
    expect(bench.window.size).toBe(0);
    expect(bench.written.includes('pubrel 1')).toBe(answers.length === 2);
  });

  it('releases the message when PUBREC comes, every time that it does', () => {
    const bench = new Bench().connect().send('a', 2);
    bench.answer(['pubrec', 1], ['pubrec', 1]);
    expect(bench.written).toEqual(['a 1', 'pubrel 1', 'pubrel 1']);
  });

  it.each<[string, QoS, readonly [AcknowledgementKind, number, number?]]>([
    ['PUBREC at QoS 1', 1, ['pubrec', 1]],
    ['PUBREC that refuses at QoS 1', 1, ['pubrec', 1, 0x87]],
    ['PUBCOMP at QoS 1', 1, ['pubcomp', 1]],
    ['PUBACK at QoS 2', 2, ['puback', 1]],
    ['PUBACK that refuses at QoS 2', 2, ['puback', 1, 0x87]],
    ['PUBCOMP before PUBREC', 2, ['pubcomp', 1]],
  ])('does not end at a %s', (_, qos, answer) => {
    const bench = new Bench().connect().send('a', qos);
    expect(bench.answer(answer)).toEqual([true]);
    expect(bench.ends).toEqual([]);
    expect(bench.written).toEqual(['a 1']);
  });

  it('QoS 2 ends at a PUBACK on 3.1.1: RabbitMQ takes it at QoS 1, and no PUBREC comes', () => {
    const bench = new Bench(undefined, 4).connect().send('a', 2);
    expect(bench.answer(['puback', 1])).toEqual([true]);
    expect(bench.ends).toEqual(['a 0']);
    expect(bench.lowered).toBe(1);
    expect(bench.window.size).toBe(0);
  });

  it('QoS 2 that has been released does not end at a PUBACK on 3.1.1', () => {
    const bench = new Bench(undefined, 4).connect().send('a', 2);
    bench.answer(['pubrec', 1], ['puback', 1]);
    expect(bench.ends).toEqual([]);
    expect(bench.lowered).toBe(0);
  });

  it('knows nothing of other identifiers', () => {
    const bench = new Bench().connect().send('a');
    expect(bench.answer(['puback', 2], ['pubrec', 2], ['pubcomp', 2])).toEqual([false, false, false]);
  });
});

describe('InFlightWindow, and what the broker takes at once [MQTT-3.3.4-7]', () => {
  it('has room up to the Receive Maximum', () => {
    const bench = new Bench().connect({ receiveMaximum: 2 }).send('a');
    expect(bench.window.hasRoom(at(1))).toBe(true);
    bench.send('b', 2);
    expect([bench.window.hasRoom(at(1)), bench.window.hasRoom(at(2))]).toEqual([false, false]);
    bench.answer(['puback', 1]);
    expect(bench.window.hasRoom(at(2))).toBe(true);
  });

  it('has no more room when a QoS 2 message is released, and has when it is complete', () => {
    const bench = new Bench().connect({ receiveMaximum: 1 }).send('a', 2);
    bench.answer(['pubrec', 1]);
    expect(bench.window.hasRoom(at(1))).toBe(false);
    bench.answer(['pubcomp', 1]);
    expect(bench.window.hasRoom(at(1))).toBe(true);
  });

  it('keeps to 20 on 3.1.1 as soon as there is QoS 2 among them, which brokers drop beyond', () => {
    const bench = new Bench(undefined, 4).connect();
    bench.send('abcdefghijklmnopqrst');
    expect([bench.window.hasRoom(at(1)), bench.window.hasRoom(at(2))]).toEqual([true, false]);
    bench.answer(['puback', 1]);
    bench.send('u', 2);
    expect([bench.window.hasRoom(at(1)), bench.window.hasRoom(at(2))]).toEqual([false, false]);
    bench.answer(['pubrec', 21], ['pubcomp', 21]);
    bench.send('vwxyz');
    expect(bench.window.hasRoom(at(1))).toBe(true);
  });

  it('calls for more when there is room, and not before the sender has been told', () => {
    const bench = new Bench().connect();
    const order: string[] = [];
    bench.onRoom = () => order.push('room');
    bench.send('a', 1, {}, () => order.push('told'));
    bench.answer(['puback', 1]);
    expect(order).toEqual(['told', 'room']);
  });
});

describe('InFlightWindow, on the next connection [MQTT-4.4.0-1]', () => {
  it('sends again what was not acknowledged, in order, marked as duplicates, with the same identifiers [MQTT-4.6.0-1]', () => {
    const bench = new Bench().connect().send('abcd');
    bench.answer(['puback', 2]);
    bench.lose({ hangUp: false });
    bench.connect({ sessionPresent: true });
    expect(bench.written).toEqual(['a 1 dup', 'c 3 dup', 'd 4 dup']);
    bench.answer(['puback', 1], ['puback', 3], ['puback', 4]);
    expect(bench.ends).toEqual(['b 0', 'a 0', 'c 0', 'd 0']);
  });

  it('does not mark them in a new session, which has nothing of them [MQTT-3.3.1-1]', () => {
    const bench = new Bench().connect().send('ab');
    bench.lose({ hangUp: false });
    expect(bench.connect().written).toEqual(['a 1', 'b 2']);
  });

  it('sends PUBREL and not PUBLISH once PUBREC has come, in its place [MQTT-4.3.3-6]', () => {
    const bench = new Bench().connect().send('abc', 2);
    bench.answer(['pubrec', 2]);
    bench.lose({ hangUp: false });
    bench.connect({ sessionPresent: true });
    expect(bench.written).toEqual(['a 1 dup', 'pubrel 2', 'c 3 dup']);
    bench.answer(['pubcomp', 2]);
    expect(bench.ends).toEqual(['b 0']);
  });

  it('gives up in a new session what the broker had taken, and does not say what became of it [MQTT-3.2.2-5]', () => {
    const bench = new Bench().connect().send('abc', 2);
    bench.answer(['pubrec', 2]);
    bench.lose({ hangUp: false });
    bench.connect();
    expect(bench.written).toEqual(['a 1', 'c 3']);
    expect(bench.ends).toEqual(['b ConnectionClosedError']);
    expect((bench.errors.get('b') as ConnectionClosedError).maybeExecuted).toBe(true);
    expect(bench.window.size).toBe(2);
    expect(bench.identifiers.control.register(2)).toBe(true);
  });

  it('sends it before anything that is sent by those who are told of its end, and once', () => {
    const bench = new Bench().connect().send('ab', 2);
    bench.send('c');
    bench.answer(['pubrec', 1], ['pubrec', 2]);
    bench.lose({ hangUp: false });
    bench.onRoom = () => {
      if (!bench.window.sending && bench.window.size < 5) bench.send('z');
    };
    bench.connect();
    expect(bench.written.slice(0, 1)).toEqual(['c 3']);
    expect(bench.written.filter((word) => word.startsWith('c'))).toHaveLength(1);
    expect(new Set(bench.written).size).toBe(bench.written.length);
  });

  it('sends no more at once than the broker takes, and then one for every acknowledgement', () => {
    const bench = new Bench().connect().send('abcde');
    bench.lose({ hangUp: false });
    bench.connect({ sessionPresent: true, receiveMaximum: 2 });
    expect(bench.written).toEqual(['a 1 dup', 'b 2 dup']);
    expect(bench.window.sending).toBe(true);
    bench.answer(['puback', 1]);
    expect(bench.written.slice(2)).toEqual(['c 3 dup']);
    bench.answer(['puback', 2], ['puback', 3]);
    expect(bench.written.slice(3)).toEqual(['d 4 dup', 'e 5 dup']);
    expect(bench.window.sending).toBe(false);
  });

  it('goes on when one that waits to be sent again is acknowledged all the same', () => {
    const bench = new Bench().connect().send('abc');
    bench.lose({ hangUp: false });
    bench.connect({ sessionPresent: true, receiveMaximum: 1 });
    expect(bench.answer(['puback', 2], ['puback', 1])).toEqual([true, true]);
    expect(bench.written).toEqual(['a 1 dup', 'c 3 dup']);
    expect(bench.window.sending).toBe(false);
  });

  it('begins anew with every connection, also when it had not come to the end', () => {
    const bench = new Bench().connect().send('abc');
    for (let i = 0; i < 2; i++) {
      bench.lose({ hangUp: false });
      bench.connect({ sessionPresent: true, receiveMaximum: 1 });
      expect(bench.written).toEqual(['a 1 dup']);
    }
    bench.lose({ hangUp: false });
    expect(bench.window.sending).toBe(false);
  });

  it('writes what remains of the Message Expiry Interval, and at least 1 s: the broker may have it (section 3.3.2.3.3)', () => {
    const properties = { messageExpiryInterval: 10 };
    const bench = new Bench().connect().send('a', 1, { properties });
    jest.advanceTimersByTime(4_000);
    bench.lose({ hangUp: false });
    bench.connect({ sessionPresent: true });
    expect(bench.writtenPackets).toMatchObject([{ properties: { messageExpiryInterval: 6 } }]);
    jest.advanceTimersByTime(20_000);
    bench.lose({ hangUp: false });
    bench.connect({ sessionPresent: true });
    expect(bench.writtenPackets).toMatchObject([{ properties: { messageExpiryInterval: 1 } }]);
  });

  it('does not send again in a new session what has expired, and does not say that it was never sent', () => {
    const properties = { messageExpiryInterval: 10 };
    const bench = new Bench().connect().send('ab', 1, { properties });
    bench.send('c');
    jest.advanceTimersByTime(10_000);
    bench.lose({ hangUp: false });
    bench.connect();
    expect(bench.written).toEqual(['c 3']);
    expect(bench.ends.map((end) => end.slice(0, 2))).toEqual(['a ', 'b ']);
    expect(bench.errors.get('a')).not.toBeInstanceOf(MessageExpiredError);
  });
});

describe('InFlightWindow, and a broker that ends the connection over a message', () => {
  it('sends the first that was not answered alone, and the others when it is answered', () => {
    const bench = new Bench().connect().send('abc');
    bench.answer(['puback', 1]);
    expect(bench.lose().suspected).toBe(true);
    bench.connect({ sessionPresent: true });
    expect(bench.written).toEqual(['b 2 dup']);
    expect(bench.window.sending).toBe(true);
    bench.answer(['puback', 2]);
    expect(bench.written).toEqual(['b 2 dup', 'c 3 dup']);
    expect(bench.window.sending).toBe(false);
    bench.answer(['puback', 3]);
    expect(bench.cleared).toBe(1);
  });

  it('goes on with the others as soon as PUBREC has come', () => {
    const bench = new Bench().connect().send('ab', 2);
    bench.lose();
    bench.connect({ sessionPresent: true });
    expect(bench.written).toEqual(['a 1 dup']);
    bench.answer(['pubrec', 1]);
    expect(bench.written).toEqual(['a 1 dup', 'pubrel 1', 'b 2 dup']);
    bench.answer(['pubcomp', 1]);
    expect(bench.cleared).toBe(1);
  });

  it('waits until those before it are answered', () => {
    const bench = new Bench().connect().send('ab', 2);
    bench.answer(['pubrec', 1]);
    bench.lose();
    bench.connect({ sessionPresent: true });
    expect(bench.written).toEqual(['pubrel 1']);
    bench.answer(['pubcomp', 1]);
    expect(bench.written).toEqual(['pubrel 1', 'b 2 dup']);
  });

  it('gives it up when the connection ends over it once more, and sends the others', () => {
    const bench = new Bench().connect().send('abc');
    bench.lose();
    bench.connect({ sessionPresent: true });
    const loss = bench.lose({ repeated: true });
    expect(loss.explained).toBe(true);
    bench.connect({ sessionPresent: true });
    expect(bench.ends).toEqual(['a PublishRefusedError']);
    expect(bench.errors.get('a')?.message).toContain(`${BROKER} closed the connection because of it, twice`);
    expect(bench.written.slice(0, 1)).toEqual(['b 2 dup']);
  });

  it('gives it up at once when the broker said why', () => {
    const bench = new Bench().connect().send('ab');
    bench.lose();
    bench.connect({ sessionPresent: true });
    bench.lose({ repeated: true, reasonCode: 0x81 });
    expect(bench.ends).toEqual(['a PublishRefusedError']);
    expect(bench.errors.get('a')).toMatchObject({ reasonCode: 0x81 });
    expect(bench.cleared).toBe(0);
  });

  it.each([{ suspected: true }, { explained: true }])(
    'does not give it up when something else may have ended the connection: %j',
    (known) => {
      const bench = new Bench().connect().send('a');
      bench.lose();
      bench.connect({ sessionPresent: true });
      bench.lose({ repeated: true, ...known });
      bench.connect({ sessionPresent: true });
      expect(bench.ends).toEqual([]);
      expect(bench.written).toEqual(['a 1 dup']);
    },
  );

  it('does not give it up when the broker was not there when it was tried again', () => {
    const bench = new Bench().connect().send('a');
    bench.lose();
    bench.connect({ sessionPresent: true });
    bench.lose({ repeated: true });
    bench.window.trustAll();
    bench.connect({ sessionPresent: true });
    expect(bench.ends).toEqual([]);
    expect(bench.written).toEqual(['a 1 dup']);
  });

  it.each([
    [
      'the connection ended for another reason',
      (bench: Bench) => {
        bench.lose();
        bench.connect({ sessionPresent: true });
        bench.lose({ hangUp: false });
      },
    ],
    [
      'the broker could not be reached',
      (bench: Bench) => {
        bench.lose();
        bench.window.trustAll();
      },
    ],
  ])('suspects none when %s', (_, lose) => {
    const bench = new Bench().connect().send('ab');
    lose(bench);
    expect(bench.connect({ sessionPresent: true }).written).toEqual(['a 1 dup', 'b 2 dup']);
  });

  it('suspects all when it happens again: it may be one that answers late', () => {
    const bench = new Bench().connect().send('abc');
    bench.lose({ repeated: true });
    bench.connect({ sessionPresent: true });
    expect(bench.written).toEqual(['a 1 dup']);
    bench.answer(['puback', 1]);
    expect(bench.written).toEqual(['a 1 dup', 'b 2 dup']);
    bench.answer(['puback', 2]);
    expect(bench.written).toEqual(['a 1 dup', 'b 2 dup', 'c 3 dup']);
  });

  it('suspects neither what it has not sent again yet nor what is released', () => {
    const bench = new Bench().connect().send('ab', 2);
    bench.send('cd');
    bench.answer(['pubrec', 1]);
    bench.lose({ hangUp: false });
    bench.connect({ sessionPresent: true, receiveMaximum: 3 });
    expect(bench.written).toEqual(['pubrel 1', 'b 2 dup', 'c 3 dup']);
    bench.lose({ repeated: true });
    bench.connect({ sessionPresent: true });
    bench.answer(['pubcomp', 1], ['pubrec', 2], ['pubcomp', 2], ['puback', 3]);
    expect(bench.window.sending).toBe(false);
    bench.send('e');
    expect(bench.written).toEqual(['pubrel 1', 'b 2 dup', 'pubrel 2', 'c 3 dup', 'd 4 dup', 'e 5']);
  });

  it.each([
    ['the largest one', 'b'],
    ['of those that are not released', 'c'],
  ])('gives up %s when a packet was too large, and no CONNACK had said so (0x95)', (_, largest) => {
    const bench = new Bench().connect();
    bench
      .send('a', 1)
      .send('b', 2, { payload: 'x'.repeat(50) })
      .send('c', 1, { payload: 'x'.repeat(40) })
      .send('d');
    if (largest === 'c') bench.answer(['pubrec', 2]);
    const loss = bench.lose({ reasonCode: 0x95 });
    expect(bench.ends).toEqual([`${largest} PublishRefusedError`]);
    expect(bench.errors.get(largest)).toMatchObject({ reasonCode: 0x95 });
    expect(loss.explained).toBe(true);
    bench.connect({ sessionPresent: true });
    expect(bench.written).toHaveLength(3); // and none of them alone
  });

  it('explains nothing by 0x95 when nothing is under way', () => {
    const bench = new Bench().connect();
    expect(bench.lose({ reasonCode: 0x95 }).explained).toBe(false);
  });

  it('suspects nothing when nothing is under way', () => {
    const bench = new Bench().connect().send('a', 2);
    bench.answer(['pubrec', 1]);
    expect(bench.lose().suspected).toBe(false);
  });
});

describe('InFlightWindow, at the end', () => {
  it('tells the senders of what is under way, once, and why', () => {
    const bench = new Bench().connect().send('a').send('b', 2);
    const cause = new Error('the reason');
    bench.window.end(cause);
    bench.window.end(cause);
    expect(bench.ends).toEqual(['a ConnectionClosedError', 'b ConnectionClosedError']);
    expect(bench.errors.get('a')).toMatchObject({ maybeExecuted: true, cause });
    expect(bench.window.size).toBe(0);
    expect(bench.answer(['puback', 1])).toEqual([false]);
    expect([1, 2].map((identifier) => bench.identifiers.control.register(identifier))).toEqual([true, true]);
  });
});

describe('InFlightWindow, and a message that cannot be sent', () => {
  it('throws what the writer does, and keeps nothing of it', () => {
    const bench = new Bench().connect();
    const payload = { length: 268_435_456 } as Buffer;
    expect(() => bench.send('a', 2, { payload })).toThrow(RangeError);
    expect(bench.window.size).toBe(0);
    expect(bench.window.hasRoom(at(1))).toBe(true);
    expect(bench.identifiers.control.register(1)).toBe(true);
    expect(bench.ends).toEqual([]);
  });

  it('throws when no Packet Identifier is free', () => {
    const bench = new Bench().connect();
    for (let i = 1; i <= 65_535; i++) bench.identifiers.claim(i);
    expect(() => bench.send('a')).toThrow('No Packet Identifier is free.');
    expect(bench.window.size).toBe(0);
  });
});

describe('InFlightWindow, with a store', () => {
  /** Told what is stored; answers when the test does. */
  class SlowStore {
    readonly calls: string[] = [];
    readonly answers: ((error?: Error) => void)[] = [];
    readonly real = new OutgoingStore(this as unknown as Store, () => {}, 1_000_000);

    put({ cmd, messageId }: Packet, done: (error?: Error) => void): void {
      this.calls.push(`${cmd} ${messageId}`);
      if (cmd === 'publish') this.answers.push(done);
      else done();
    }

    del({ messageId }: { messageId: number }, done: () => void): void {
      this.calls.push(`delete ${messageId}`);
      done();
    }

    /** The oldest message is stored, or is not. */
    async answer(error?: Error): Promise<void> {
      this.answers.shift()!(error);
      await new Promise((resolve) => process.nextTick(resolve));
    }
  }

  it('sends a message when it is stored, and no other before it', async () => {
    const store = new SlowStore();
    const bench = new Bench(store.real).connect().send('a');
    expect(bench.written).toEqual([]);
    expect(bench.window.sending).toBe(true);
    await store.answer();
    expect(bench.written).toEqual(['a 1']);
    expect(bench.rooms).toBe(1);
    expect(bench.window.hasRoom(at(1))).toBe(true);
  });

  it('keeps it until it is acknowledged; of QoS 2 the PUBREL in between [MQTT-4.3.3-6]', async () => {
    const store = new SlowStore();
    const bench = new Bench(store.real).connect().send('a', 2);
    await store.answer();
    bench.answer(['pubrec', 1], ['pubcomp', 1]);
    expect(store.calls).toEqual(['publish 1', 'pubrel 1', 'delete 1']);
  });

  it('refuses what cannot be stored, and goes on', async () => {
    const store = new SlowStore();
    const bench = new Bench(store.real).connect().send('a');
    await store.answer(new Error('the disk is full'));
    expect(bench.errors.get('a')?.message).toBe('the disk is full');
    expect(bench.written).toEqual([]);
    expect(bench.window.size).toBe(0);
    expect(bench.rooms).toBe(1);
  });

  it('does not send it twice when the connection is lost meanwhile', async () => {
    const store = new SlowStore();
    const bench = new Bench(store.real).connect().send('a');
    bench.lose({ hangUp: false });
    bench.connect({ sessionPresent: true });
    expect(bench.written).toEqual([]);
    await store.answer();
    expect(bench.written).toHaveLength(1);
  });

  it('does not write it out of turn when it is stored after others have been sent again', async () => {
    const store = new SlowStore();
    const bench = new Bench(store.real).connect().send('a');
    await store.answer();
    bench.send('b');
    bench.lose({ hangUp: false });
    bench.connect({ sessionPresent: true, receiveMaximum: 1 });
    await store.answer();
    expect(bench.written).toEqual(['a 1 dup']);
    bench.answer(['puback', 1]);
    expect(bench.written).toEqual(['a 1 dup', 'b 2 dup']);
  });

  it('sends it with the next connection when it is stored while there is none', async () => {
    const store = new SlowStore();
    const bench = new Bench(store.real).connect().send('a');
    bench.lose({ hangUp: false });
    await store.answer();
    expect(bench.ends).toEqual([]);
    expect(bench.connect().written).toEqual(['a 1']);
  });

  it('writes nothing that is stored after the end, and tells nobody again', async () => {
    const store = new SlowStore();
    const bench = new Bench(store.real).connect().send('a');
    bench.window.end(undefined);
    await store.answer();
    expect(bench.ends).toEqual(['a ConnectionClosedError']);
    expect(bench.written).toEqual([]);
  });

  it('deletes what it gives up in a new session', async () => {
    const store = new SlowStore();
    const bench = new Bench(store.real).connect().send('a', 2);
    await store.answer();
    bench.answer(['pubrec', 1]);
    bench.lose({ hangUp: false });
    bench.connect();
    expect(store.calls.at(-1)).toBe('delete 1');
  });

  it('sends what an earlier process has left, in order, with its identifiers', () => {
    const store = new SlowStore();
    const bench = new Bench(store.real);
    const message: OutgoingMessage = { topic: 'a', payload: 'x', qos: 1, retain: false };
    bench.window.adopt({ identifier: 9, message, released: false }, () => {});
    bench.window.adopt({ identifier: 4, message: { ...message, topic: '', qos: 2 }, released: true }, () => {});
    bench.window.adopt({ identifier: 9, message: { ...message, topic: 'other' }, released: false }, () => {});
    expect([9, 4].map((identifier) => bench.identifiers.control.register(identifier))).toEqual([false, false]);
    expect(bench.window.size).toBe(2);
    bench.connect({ sessionPresent: true });
    expect(bench.written).toEqual(['a 9 dup', 'pubrel 4']);
    bench.answer(['puback', 9], ['pubcomp', 4]);
    expect(store.calls).toEqual(['delete 9', 'delete 4']);
  });

  it('keeps within the window of 3.1.1 with what an earlier process has left, which was not all under way', () => {
    const bench = new Bench(new SlowStore().real, 4);
    for (let identifier = 1; identifier <= 30; identifier++) {
      const message = { topic: 'a', payload: 'x', qos: identifier === 30 ? 2 : 1, retain: false } as const;
      bench.window.adopt({ identifier, message, released: false }, () => {});
    }
    bench.connect({ sessionPresent: true });
    expect(bench.written).toHaveLength(20);
    bench.answer(['puback', 1]);
    expect(bench.written.at(-1)).toBe('a 21 dup');
    for (let identifier = 2; identifier < 30; identifier++) bench.answer(['puback', identifier]);
    expect(bench.written.at(-1)).toBe('a 30 dup');
  });
});
