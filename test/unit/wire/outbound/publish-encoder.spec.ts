import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { generate, parser, type IPublishPacket, type Packet } from 'mqtt-packet';
import type { MessageProperties, OutgoingMessage } from '../../../../lib/protocol/application-message.js';
import { sizeOfPublish, writePublish } from '../../../../lib/wire/outbound/publish-encoder.js';

const text = fc
  .string({ unit: 'grapheme', maxLength: 40 })
  .filter((value) => value.isWellFormed() && !value.includes('\0'));
const name = text.filter((value) => value.length > 0 && value !== '__proto__');
// repeats are not empty: the parser that reads them back takes an empty first value for none
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));

const properties: fc.Arbitrary<MessageProperties> = fc.record(
  {
    payloadFormatIndicator: fc.boolean(),
    messageExpiryInterval: fc.integer({ min: 0, max: 0xffff_ffff }),
    contentType: text,
    responseTopic: name,
    correlationData: bytes,
    userProperties: fc.dictionary(name, fc.oneof(text, fc.array(name, { minLength: 2, maxLength: 4 })), { minKeys: 1 }),
  },
  { requiredKeys: [] },
);

const messages: fc.Arbitrary<OutgoingMessage> = fc.record({
  topic: name,
  payload: fc.oneof(text, bytes, fc.constantFrom('x'.repeat(127), 'x'.repeat(20_000), Buffer.alloc(2_100_000, 7))),
  qos: fc.constantFrom(0 as const, 1 as const),
  retain: fc.boolean(),
  properties: fc.option(properties, { nil: undefined }),
});

interface Delivery {
  readonly messageId: number;
  readonly dup: boolean;
}

const FIRST: Delivery = { messageId: 1, dup: false };
const deliveries: fc.Arbitrary<Delivery> = fc.record({
  messageId: fc.integer({ min: 1, max: 65_535 }),
  dup: fc.boolean(),
});

function encode(message: OutgoingMessage, version: 4 | 5, offset: number, { messageId, dup } = FIRST): Buffer {
  const size = sizeOfPublish(message, version);
  const target = Buffer.alloc(offset + size.total + 3, 0xee);
  writePublish(target, offset, message, size, messageId, dup && message.qos > 0);
  expect(target.subarray(0, offset).every((byte) => byte === 0xee)).toBe(true);
  expect(target.subarray(offset + size.total).every((byte) => byte === 0xee)).toBe(true);
  return target.subarray(offset, offset + size.total);
}

function decode(packet: Buffer, protocolVersion: 4 | 5): IPublishPacket {
  const received: Packet[] = [];
  const reader = parser({ protocolVersion });
  reader.on('packet', (one) => received.push(one));
  reader.parse(packet);
  expect(received).toHaveLength(1);
  return received[0] as IPublishPacket;
}

describe.each([4, 5] as const)('QoS 0 and 1 PUBLISH, protocol version %i (section 3.3)', (version) => {
  it('is read as it was written, and nothing beside it is touched', () => {
    fc.assert(
      fc.property(messages, deliveries, fc.integer({ min: 0, max: 5 }), (message, delivery, offset) => {
        const read = decode(encode(message, version, offset, delivery), version);
        expect(read).toMatchObject({
          cmd: 'publish',
          topic: message.topic,
          qos: message.qos,
          retain: message.retain,
          dup: delivery.dup && message.qos > 0,
          ...(message.qos > 0 && { messageId: delivery.messageId }),
        });
        expect(Buffer.from(read.payload).equals(Buffer.from(message.payload))).toBe(true);
        const { userProperties, ...rest } = read.properties ?? {};
        const { userProperties: given, ...expected } = version === 5 ? (message.properties ?? {}) : {};
        expect(rest).toEqual(expected);
        expect({ ...userProperties }).toEqual({ ...given });
      }),
    );
  });

  it('has the bytes that mqtt-packet writes', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const plain = { ...message, properties: undefined };
        const reference = generate({ cmd: 'publish', ...FIRST, ...plain }, { protocolVersion: version });
        expect(encode(plain, version, 0).equals(reference)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

it('a message that is larger than any packet is refused before a byte is written', () => {
  const payload = { length: 268_435_455 } as Buffer;
  expect(() => sizeOfPublish({ topic: 'a', payload, qos: 0, retain: false }, 5)).toThrow(RangeError);
});
