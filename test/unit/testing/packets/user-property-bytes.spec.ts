import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { generate, parser, type IPublishPacket } from 'mqtt-packet';
import { insertUserProperties, readUserProperties } from '../../../../lib/testing/packets/user-property-bytes.js';

const text = fc.string({ unit: 'binary', maxLength: 20 });
const publish = fc.record({
  cmd: fc.constant('publish' as const),
  topic: text,
  payload: fc.string(),
  qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
  retain: fc.boolean(),
  dup: fc.constant(false),
  messageId: fc.integer({ min: 1, max: 65_535 }),
  properties: fc.record(
    {
      payloadFormatIndicator: fc.boolean(),
      messageExpiryInterval: fc.nat(),
      responseTopic: text,
      correlationData: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      contentType: text,
      subscriptionIdentifier: fc.integer({ min: 1, max: 268_435_455 }),
    },
    { requiredKeys: [] },
  ),
});
const options = { protocolVersion: 5 };

function utf8(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}
const pairs = fc
  .array(fc.tuple(text, text), { minLength: 1, maxLength: 10 })
  .map((list) => Buffer.concat(list.flatMap(([name, value]) => [Buffer.from([0x26]), utf8(name), utf8(value)])));

function parse(bytes: Buffer): IPublishPacket {
  const found: IPublishPacket[] = [];
  const packets = parser(options);
  packets.on('packet', (packet) => found.push(packet as IPublishPacket));
  packets.parse(bytes);
  expect(found).toHaveLength(1);
  return found[0]!;
}

describe('User Properties as bytes', () => {
  it('what is put into a PUBLISH is what is read from it, byte for byte', () => {
    fc.assert(
      fc.property(publish, pairs, (packet, bytes) => {
        const bare = generate(packet, options);
        expect(readUserProperties(bare)).toBeUndefined();
        const full = insertUserProperties(bare, bytes);
        expect(readUserProperties(full)?.equals(bytes)).toBe(true);
      }),
    );
  });

  it('the rest of the PUBLISH stays as it was', () => {
    fc.assert(
      fc.property(publish, pairs, (packet, bytes) => {
        const bare = generate(packet, options);
        const { length: _, ...before } = parse(bare);
        const { length: __, ...after } = parse(insertUserProperties(bare, bytes));
        const { userProperties, ...properties } = after.properties!;
        expect(userProperties).toBeDefined();
        expect({ ...after, properties }).toEqual({ ...before, properties: before.properties ?? {} });
      }),
    );
  });

  it('reads those that mqtt-packet writes', () => {
    const packet = {
      cmd: 'publish',
      topic: 't',
      payload: '',
      qos: 1,
      messageId: 9,
      retain: false,
      dup: false,
    } as const;
    const properties = {
      contentType: 'a',
      userProperties: { k: ['1', '2'], l: '3' },
      correlationData: Buffer.from('c'),
    };
    const expected = Buffer.concat([['k', '1'], ['k', '2'], ['l', '3']].flatMap(([name, value]) => [Buffer.from([0x26]), utf8(name!), utf8(value!)])); // prettier-ignore
    expect(readUserProperties(generate({ ...packet, properties }, options))?.equals(expected)).toBe(true);
  });
});
