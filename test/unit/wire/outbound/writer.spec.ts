import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import { generate, type Packet } from 'mqtt-packet';
import { ConnectionClosedError } from '../../../../lib/errors/connection-closed.error.js';
import type { OutgoingMessage } from '../../../../lib/protocol/application-message.js';
import { OutboundTopicAliases } from '../../../../lib/wire/outbound/outbound-topic-aliases.js';
import {
  HIGH_WATER_BYTES,
  PUBACK,
  PUBCOMP,
  PUBREC,
  PUBREL,
  type PublishSettled,
} from '../../../../lib/wire/outbound/writer.js';
import { Network, turns, until } from '../support/network.js';

/** A message of so many bytes of payload. */
function message(bytes: number, options: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { topic: 'a', payload: 'x'.repeat(bytes), qos: 0, retain: false, ...options };
}

/** What became of messages, in the order in which their senders were told. */
class Ends {
  readonly told: string[] = [];

  of(name: string, then?: () => void): PublishSettled {
    return (error, reasonCode) => {
      this.told.push(`${name} ${error ? error.message : reasonCode}`);
      then?.();
    };
  }
}

/** The packets in words: `publish a 5`, with the length of the payload. */
function words(packets: readonly Packet[]): string[] {
  return packets.map((packet) => {
    if (packet.cmd === 'publish') return `publish ${packet.topic} ${packet.payload.length}`;
    return `${packet.cmd}${packet.messageId === undefined ? '' : ` ${packet.messageId}`}`;
  });
}

/** A network whose broker does not read, and that holds more than the writer lets wait. */
function fullNetwork(ends = new Ends()): Network {
  const network = new Network();
  network.peer.pause();
  for (let i = 0; i < 2; i++) network.writer.publish(message(HIGH_WATER_BYTES), 0, false, ends.of(`${i}`));
  network.writer.flush();
  return network;
}

describe('Writer', () => {
  it('hands over what is written in one turn in one piece, when the turn ends', async () => {
    const network = new Network();
    const { writer } = network;
    for (let i = 1; i <= 3; i++) writer.publish(message(i, { qos: 1 }), i, false);
    writer.acknowledge(PUBACK, 7);
    writer.append(Buffer.from([9, 0xc0, 0, 9]), 1, 3);
    await Promise.resolve();
    expect(network.pieces).toBe(0);
    await network.read();
    expect(network.pieces).toBe(1);
    expect(words(network.received)).toEqual(['publish a 1', 'publish a 2', 'publish a 3', 'puback 7', 'pingreq']);
  });

  it.each([
    [PUBACK, 'puback'],
    [PUBREC, 'pubrec'],
    [PUBREL, 'pubrel'],
    [PUBCOMP, 'pubcomp'],
  ])('writes acknowledgements in their short form: %j is a %s (section 3.4.2.1)', async (firstByte, cmd) => {
    const network = new Network();
    for (const identifier of [1, 255, 256, 65_535]) network.writer.acknowledge(firstByte, identifier);
    await network.read();
    expect(network.received).toMatchObject([1, 255, 256, 65_535].map((messageId) => ({ cmd, messageId, length: 2 })));
  });

  it('does not let 32 KiB wait for the end of the turn', () => {
    const network = new Network();
    network.writer.publish(message(32_767), 0, false);
    expect(network.pieces).toBe(0);
    network.writer.acknowledge(PUBACK, 1);
    expect(network.pieces).toBe(1);
  });

  it('hands over at once what flush() is called for, and nothing when there is nothing', () => {
    const network = new Network();
    network.writer.flush();
    network.writer.acknowledge(PUBACK, 1);
    network.writer.flush();
    network.writer.flush();
    expect(network.pieces).toBe(1);
    expect(words(network.written)).toEqual(['puback 1']);
  });

  it('writes Packet Identifier and DUP [MQTT-3.3.1-1]', async () => {
    const network = new Network();
    network.writer.publish(message(1, { qos: 1 }), 513, true);
    await network.read();
    expect(network.received).toMatchObject([{ cmd: 'publish', qos: 1, dup: true, messageId: 513 }]);
  });
});

describe.each([4, 5] as const)('whatever is written, protocol version %i', (version) => {
  const sizes = fc.oneof(
    fc.nat(300),
    fc.constantFrom(32_000, 32_760, 32_768, 33_000, 65_520, 65_530, 65_536, 65_540, 90_000),
  );
  const actions = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('publish' as const),
        size: sizes,
        qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('acknowledge' as const),
        identifier: fc.integer({ min: 1, max: 65_535 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('append' as const), size: sizes }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('write' as const), identifier: fc.integer({ min: 1, max: 65_535 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('flush' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('turn' as const) }) },
  );

  it('comes out byte for byte, in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(actions, { maxLength: 25 }), async (list) => {
        const network = new Network(version);
        const expected: Buffer[] = [];
        const add = (packet: Packet): void => void expected.push(generate(packet, { protocolVersion: version }));
        let settled = 0;
        for (const [i, action] of list.entries()) {
          if (action.kind === 'publish') {
            const { qos, size } = action;
            const one = { ...message(size), qos, topic: `topic/${i}` };
            network.writer.publish(one, qos === 0 ? 0 : i + 1, qos > 0 && i % 2 === 0, () => settled++);
            add({
              cmd: 'publish',
              ...one,
              dup: qos > 0 && i % 2 === 0,
              ...(qos > 0 && { messageId: i + 1 }),
            });
          } else if (action.kind === 'acknowledge') {
            network.writer.acknowledge(PUBREL, action.identifier);
            expected.push(Buffer.from([0x62, 2, action.identifier >> 8, action.identifier & 0xff]));
          } else if (action.kind === 'append') {
            // a PUBLISH as well, cut out of other bytes
            const bytes = generate(
              { cmd: 'publish', ...message(action.size), dup: false },
              { protocolVersion: version },
            );
            network.writer.append(Buffer.concat([Buffer.from('abc'), bytes, Buffer.from('de')]), 3, 3 + bytes.length);
            expected.push(bytes);
          } else if (action.kind === 'write') {
            const packet: Packet = { cmd: 'puback', messageId: action.identifier, reasonCode: 0x83 };
            network.writer.write(packet);
            add(packet);
          } else if (action.kind === 'flush') network.writer.flush();
          else await turns();
        }
        await network.read();
        expect(Buffer.concat(network.receivedBytes).equals(Buffer.concat(expected))).toBe(true);
        expect(settled).toBe(list.filter(({ kind }) => kind === 'publish').length);
      }),
      { numRuns: 60 },
    );
  });
});

describe('Writer, who is told that the socket has taken a message', () => {
  it('is told once it is handed over, never within the call', async () => {
    const ends = new Ends();
    const { writer } = new Network();
    writer.publish(message(40_000), 0, false, ends.of('first'));
    writer.publish(message(1), 0, false, ends.of('second'));
    expect(ends.told).not.toContain('second 0');
    await turns(2);
    expect(ends.told).toEqual(['first 0', 'second 0']);
  });

  it('may write again: that leaves in the next piece', async () => {
    const network = new Network();
    const ends = new Ends();
    const { writer } = network;
    writer.publish(message(1), 0, false, () => writer.publish(message(2), 0, false, ends.of('reply')));
    await turns(2);
    await network.read();
    expect(words(network.received)).toEqual(['publish a 1', 'publish a 2']);
    expect(ends.told).toEqual(['reply 0']);
  });

  it.each([
    ['that fills the piece', 33_000, 100],
    ['that fills the slab', 20_000, 50_000],
    ['that is larger than a slab', 100, 70_000],
  ])('may write while a message is written %s: nothing is lost', async (_, first, second) => {
    const network = new Network();
    const { writer } = network;
    const ends = new Ends();
    writer.publish(message(first), 0, false, () =>
      writer.publish(message(7), 0, false, () => writer.acknowledge(PUBACK, 1)),
    );
    writer.publish(message(1), 0, false, () => writer.acknowledge(PUBACK, 2));
    writer.publish(message(second), 0, false, ends.of('last'));
    await turns(3);
    await network.read();
    expect(words(network.received).toSorted()).toEqual(
      [`publish a ${first}`, 'publish a 1', `publish a ${second}`, 'publish a 7', 'puback 1', 'puback 2'].toSorted(),
    );
    expect(ends.told).toEqual(['last 0']);
  });

  it.each([
    ['that fills the piece', 33_000, 100],
    ['that is larger than a slab', 100, 70_000],
  ])('may write while a message is written %s: that one comes first all the same', async (_, first, second) => {
    const network = new Network();
    const { writer } = network;
    writer.publish(message(first), 0, false, () => writer.publish(message(7), 0, false));
    writer.publish(message(second), 0, false);
    await turns(2);
    await network.read();
    expect(words(network.received)).toEqual([`publish a ${first}`, `publish a ${second}`, 'publish a 7']);
  });

  it('does not change the Topic Alias of the message that is being written (section 3.3.2.3.4)', async () => {
    const network = new Network();
    const { writer } = network;
    writer.aliases = new OutboundTopicAliases(1);
    writer.publish(message(40_000, { topic: 'a' }), 0, false, () =>
      writer.publish(message(2, { topic: 'b' }), 0, false),
    );
    writer.publish(message(3, { topic: 'c' }), 0, false);
    writer.publish(message(4, { topic: 'b' }), 0, false);
    await turns(2);
    await network.read();
    let aliased = '';
    const topics = network.received.map((packet) => {
      if (packet.cmd !== 'publish') return '';
      aliased = packet.topic || aliased;
      return `${aliased} ${packet.payload.length}`;
    });
    expect(topics.toSorted()).toEqual(['a 40000', 'b 2', 'b 4', 'c 3']);
  });
});

describe('Writer, and a broker that does not read', () => {
  it('is full, and whose messages the socket has not taken waits; until it reads', async () => {
    const ends = new Ends();
    const network = fullNetwork(ends);
    const { writer } = network;
    expect(writer.full).toBe(true);
    expect(writer.usable).toBe(true);
    writer.publish(message(1), 0, false, ends.of('late'));
    await turns(3);
    expect(ends.told).not.toContain('late 0');
    expect(network.drains).toBe(0);
    network.peer.resume();
    await network.read();
    expect(ends.told).toEqual(['0 0', '1 0', 'late 0']);
    expect(network.drains).toBe(1);
    expect(writer.full).toBe(false);
  });

  it('is not full with 256 KiB', async () => {
    const network = new Network();
    network.peer.pause();
    network.writer.publish(message(HIGH_WATER_BYTES / 2), 0, false);
    await turns(2);
    expect(network.writer.full).toBe(false);
  });

  it('stays full until the socket has taken everything, also when it is written to meanwhile', async () => {
    const ends = new Ends();
    const network = new Network();
    const { writer } = network;
    network.peer.pause();
    for (let i = 0; i < 3; i++) {
      writer.publish(message(100_000), 0, false, ends.of(`${i}`));
      writer.flush();
    }
    await turns(2);
    network.peer.read(); // the first piece: what is left would not make it full
    await until(() => network.stream.writableLength < HIGH_WATER_BYTES, 'the socket has taken some of it');
    expect(network.stream.writableLength).toBeGreaterThan(0);
    writer.acknowledge(PUBACK, 1);
    writer.flush();
    expect(writer.full).toBe(true);
    network.peer.resume();
    await network.read();
    expect(ends.told.toSorted()).toEqual(['0 0', '1 0', '2 0']);
    expect(network.drains).toBe(1);
    expect(writer.full).toBe(false);
  });

  it('gets acknowledgements all the same; and nothing more is read from it beyond 1 MiB', async () => {
    const network = fullNetwork();
    const { writer, stream } = network;
    for (let i = 1; i <= 20; i++) writer.acknowledge(PUBACK, i);
    await turns(2);
    expect(stream.isPaused()).toBe(false);
    writer.append(Buffer.alloc(4 * HIGH_WATER_BYTES), 0, 0);
    writer.publish(message(3 * HIGH_WATER_BYTES, { qos: 1 }), 1, false);
    await turns(2);
    expect(stream.isPaused()).toBe(true);
    network.peer.resume();
    await network.read();
    expect(stream.isPaused()).toBe(false);
    expect(words(network.received).filter((word) => word.startsWith('puback'))).toHaveLength(20);
  });

  it('tells the host of room after the senders, who may have filled it again', async () => {
    const network = new Network();
    const { writer } = network;
    network.peer.pause();
    const order: string[] = [];
    const again = (): void => {
      order.push('told');
      network.peer.pause();
      writer.publish(message(2 * HIGH_WATER_BYTES), 0, false, () => order.push('told again'));
      writer.flush();
    };
    writer.publish(message(2 * HIGH_WATER_BYTES), 0, false, again);
    network.onDrained = () => order.push(`drained, ${writer.full ? 'full' : 'free'}`);
    await turns(2);
    network.peer.resume();
    await until(() => network.drains === 1, 'there is room');
    network.peer.resume();
    await until(() => network.drains === 2, 'there is room again');
    expect(order).toEqual(['told', 'drained, full', 'told again', 'drained, free']);
  });
});

describe('Writer, at the end', () => {
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
  afterEach(() => void jest.useRealTimers());

  it('writes DISCONNECT behind everything else, and then ends the stream', async () => {
    const network = new Network();
    const ends = new Ends();
    network.writer.publish(message(1), 0, false, ends.of('last'));
    network.writer.end({ cmd: 'disconnect' });
    expect(network.writer.usable).toBe(false);
    expect(network.writer.full).toBe(true);
    await network.closed();
    expect(words(network.received)).toEqual(['publish a 1', 'disconnect']);
    expect(network.peerEnded).toBe(true);
    expect(ends.told).toEqual(['last 0']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('writes nothing after DISCONNECT, whatever is still written [MQTT-3.14.4-1]', async () => {
    const network = new Network();
    const { writer } = network;
    writer.end({ cmd: 'disconnect' });
    writer.acknowledge(PUBACK, 1);
    writer.publish(message(70_000), 0, false, () => {});
    writer.write({ cmd: 'puback', messageId: 2, reasonCode: 0x83 });
    writer.end({ cmd: 'disconnect' });
    await network.closed();
    expect(words(network.written)).toEqual(['disconnect']);
  });

  it('writes nothing after DISCONNECT that those write who are told that the last messages were taken [MQTT-3.14.4-1]', async () => {
    const network = new Network();
    const { writer } = network;
    const large = (): void => writer.publish(message(40_000), 0, false);
    for (let i = 0; i < 3; i++) writer.publish(message(1), 0, false, large);
    writer.end({ cmd: 'disconnect' });
    await network.closed();
    expect(words(network.written).at(-1)).toBe('disconnect');
  });

  it('ends the stream without a DISCONNECT where there is none to write', async () => {
    const network = new Network();
    network.writer.acknowledge(PUBACK, 1);
    network.writer.end();
    await network.closed();
    expect(words(network.received)).toEqual(['puback 1']);
  });

  it('destroys the stream when the broker does not take the last bytes within a second', async () => {
    const network = fullNetwork();
    network.writer.end({ cmd: 'disconnect' });
    await turns(2);
    jest.advanceTimersByTime(999);
    expect(network.stream.destroyed).toBe(false);
    jest.advanceTimersByTime(1);
    expect(network.stream.destroyed).toBe(true);
    await network.closed();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('does nothing on a stream that is destroyed', async () => {
    const network = new Network();
    network.stream.destroy();
    expect(network.writer.usable).toBe(false);
    network.writer.end({ cmd: 'disconnect' });
    network.writer.acknowledge(PUBACK, 1);
    await turns(2);
    expect(network.pieces).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  it.each([
    ['on a stream that is destroyed', (network: Network) => network.stream.destroy()],
    ['after the end', (network: Network) => network.writer.end()],
  ])('tells nobody that a message was taken that was written %s', async (_, over) => {
    const network = new Network();
    const ends = new Ends();
    over(network);
    network.writer.publish(message(1), 0, false, ends.of('late'));
    await turns(2);
    expect(ends.told).toEqual([]);
    network.writer.lost();
    expect(ends.told).toEqual(['late The connection was lost while publishing to "a".']);
  });
});

describe('Writer, when the connection is lost', () => {
  it('tells those whose messages wait, and those whose messages the socket may not have taken, once', async () => {
    const ends = new Ends();
    const network = fullNetwork(ends);
    const { writer } = network;
    writer.publish(message(1, { topic: 'gathered' }), 0, false, ends.of('gathered'));
    const before = [...ends.told];
    network.stream.destroy();
    writer.lost();
    writer.lost();
    await turns(2);
    expect(before).not.toContain('1 0');
    expect(ends.told.slice(before.length)).toEqual([
      ...(before.length === 0 ? ['0 The connection was lost while publishing to "a".'] : []),
      '1 The connection was lost while publishing to "a".',
      'gathered The connection was lost while publishing to "gathered".',
    ]);
    expect(network.drains).toBe(0);
    expect(words(network.written)).not.toContain('publish gathered 1');
  });

  it('in the turn in which it was handed over, a message is lost with it', async () => {
    const network = new Network();
    const ends = new Ends();
    network.writer.publish(message(40_000), 0, false, ends.of('first'));
    network.writer.publish(message(1), 0, false, ends.of('second'));
    expect(network.pieces).toBe(1);
    network.stream.destroy();
    await turns(2);
    expect(ends.told).toEqual([]);
    network.writer.lost();
    expect(ends.told.map((told) => told.split(' ')[0])).toEqual(['first', 'second']);
  });

  it('says that the message may have arrived', () => {
    const { writer } = new Network();
    const errors: unknown[] = [];
    writer.publish(message(1), 0, false, (error) => errors.push(error));
    writer.lost();
    expect(errors).toEqual([expect.any(ConnectionClosedError)]);
    expect((errors[0] as ConnectionClosedError).maybeExecuted).toBe(true);
  });

  it('tells nobody of a message at QoS 1 or 2, which has no end here', async () => {
    const network = new Network();
    network.writer.publish(message(1, { qos: 1 }), 1, false);
    await turns(2);
    network.writer.lost();
    expect(network.writer.usable).toBe(false);
  });
});

describe('Writer, and who listens to what is sent', () => {
  it('is shown every packet of the data plane as it is written', () => {
    const network = new Network();
    const { writer } = network;
    network.watched = true;
    writer.publish(message(1), 0, false);
    writer.publish(message(2, { qos: 1, retain: true, properties: { contentType: 'text/plain' } }), 3, true);
    writer.acknowledge(PUBREC, 4);
    writer.write({ cmd: 'puback', messageId: 5, reasonCode: 0x83 });
    writer.append(Buffer.from([0xc0, 0]), 0, 2);
    expect(network.sentPackets).toEqual([
      { cmd: 'publish', topic: 'a', payload: 'x', qos: 0, retain: false, dup: false },
      {
        cmd: 'publish',
        topic: 'a',
        payload: 'xx',
        qos: 1,
        retain: true,
        dup: true,
        messageId: 3,
        properties: { contentType: 'text/plain' },
      },
      { cmd: 'pubrec', messageId: 4 },
      { cmd: 'puback', messageId: 5, reasonCode: 0x83 },
    ]);
  });

  it('costs nothing where nobody listens', () => {
    const network = new Network();
    network.writer.publish(message(1), 0, false);
    network.writer.acknowledge(PUBREC, 4);
    network.writer.write({ cmd: 'puback', messageId: 5, reasonCode: 0x83 });
    expect(network.sentPackets).toEqual([]);
  });
});

describe('Writer, and Topic Aliases (section 3.3.2.3.4)', () => {
  it('leaves out a topic that the broker knows', async () => {
    const network = new Network();
    network.writer.aliases = new OutboundTopicAliases(5);
    for (const topic of ['a', 'b', 'a']) network.writer.publish(message(1, { topic }), 0, false);
    await network.read();
    expect(network.received).toMatchObject([
      { topic: 'a', properties: { topicAlias: 1 } },
      { topic: 'b', properties: { topicAlias: 2 } },
      { topic: '', properties: { topicAlias: 1 } },
    ]);
  });
});

describe('Writer, and a message that cannot be written', () => {
  const tooLarge = message(0, { topic: 'b', payload: { length: 268_435_455 } as Buffer });
  /** Of the right size, and out of range. */
  const impossible = message(0, { topic: 'b', properties: { messageExpiryInterval: 2 ** 32 } });

  it.each([
    ['is larger than a packet can be', tooLarge],
    ['holds a number that does not fit', impossible],
  ])('that %s: it throws, and writes nothing of it', async (_, wrong) => {
    const network = new Network();
    const ends = new Ends();
    network.writer.publish(message(1), 0, false);
    expect(() => network.writer.publish(wrong, 0, false, ends.of('wrong'))).toThrow(/has at most|out of range/);
    network.writer.publish(message(2), 0, false);
    await network.read();
    expect(words(network.received)).toEqual(['publish a 1', 'publish a 2']);
    expect(ends.told).toEqual([]);
  });

  it('and whose topic the broker was not told of: it gets no alias (section 3.3.2.3.4)', async () => {
    const network = new Network();
    network.writer.aliases = new OutboundTopicAliases(5);
    expect(() => network.writer.publish(tooLarge, 0, false)).toThrow(RangeError);
    network.writer.publish(message(1, { topic: 'b' }), 0, false);
    await network.read();
    expect(network.received).toMatchObject([{ topic: 'b', properties: { topicAlias: expect.any(Number) } }]);
  });
});
