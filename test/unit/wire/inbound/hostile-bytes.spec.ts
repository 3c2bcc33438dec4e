import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { packetIdentifierOf, reasonCodeOf } from '../../../../lib/wire/inbound/acknowledgement-decoder.js';
import { checkControlPacket, decodeControlPacket } from '../../../../lib/wire/inbound/control-packets.js';
import { FrameReader, type Frame } from '../../../../lib/wire/inbound/frame-reader.js';
import { PacketType, packetTypeOf } from '../../../../lib/wire/inbound/packet-type.js';
import { ProtocolViolation } from '../../../../lib/wire/inbound/protocol-violation.js';
import { PublishDecoder } from '../../../../lib/wire/inbound/publish-decoder.js';
import { anyPackets, parsedByMqttPacket, type Version } from './support/arbitrary-packets.js';
import { pushInPieces } from './support/frames.js';
import { mutated, withItsLength } from './support/mutations.js';

/** Reads what comes as a connection does. @returns packets that were read; the end of them is a violation, or the bytes' */
function readAll(version: Version, bytes: Buffer, lengths: readonly number[]): number {
  let packets = 0;
  const decoder = new PublishDecoder(version, 3);
  const reader = new FrameReader((frame) => {
    readOne(frame, decoder, version);
    packets++;
  }, 100_000);
  try {
    pushInPieces(reader, bytes, lengths);
  } catch (error) {
    if (!(error instanceof ProtocolViolation)) throw error;
  }
  return packets;
}

function readOne(frame: Frame, decoder: PublishDecoder, version: Version): void {
  if (packetTypeOf(frame) === PacketType.PUBLISH) {
    const { topic, properties } = decoder.decode(frame);
    expect(topic).toMatch(/^[^#+\0]+$/u);
    expect(properties).not.toEqual({});
    return;
  }
  checkControlPacket(frame, version);
  const bytes = Buffer.from(frame.bytes.subarray(frame.start, frame.end));
  const [packet, ...others] = parsedByMqttPacket(bytes, version);
  expect(others).toHaveLength(0);
  expect(decodeControlPacket(frame, version)).toEqual(packet);
  const type = packetTypeOf(frame);
  if (type < PacketType.PUBACK || type > PacketType.PUBCOMP) return;
  expect(packet).toMatchObject({ messageId: packetIdentifierOf(frame) });
  if (version === 5) expect(packet).toMatchObject({ reasonCode: reasonCodeOf(frame, version) });
}

const pieces = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 });

describe.each([4, 5] as const)('hostile bytes, protocol version %i', (version) => {
  const packet = anyPackets(version);

  it.each<[string, fc.Arbitrary<Buffer>]>([
    ['noise', fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))],
    ['packets of all kinds', packet],
    ['mutated packets', mutated(packet)],
    ['mutated packets that are as long as they say', mutated(packet).map(withItsLength)],
    [
      'bodies of noise',
      fc
        .tuple(fc.constantFrom(0x20, 0x30, 0x32, 0x40, 0x62, 0x90, 0xb0, 0xd0, 0xe0, 0xf0), fc.uint8Array())
        .map(([header, body]) => withItsLength(Buffer.from([header, 0, ...body]))),
    ],
  ])('%s end as violations, and what passes is read by mqtt-packet as well', (_, bytes) => {
    fc.assert(
      fc.property(fc.array(bytes, { minLength: 1, maxLength: 3 }), pieces, (list, lengths) => {
        const all = Buffer.concat(list);
        expect(readAll(version, all, lengths)).toBeLessThanOrEqual(all.length / 2);
      }),
      { numRuns: 1_000 },
    );
  });

  it('every packet type with every short body ends so too', () => {
    for (let type = 0; type <= 0x0f; type++) {
      for (const flags of [0, 0b0010, 0b1011]) {
        const header = (type << 4) | flags;
        for (const body of SHORT_BODIES) readAll(version, Buffer.from([header, body.length, ...body]), [9]);
      }
    }
    expect.hasAssertions();
  });
});

const BYTES = [0, 1, 4, 0x18, 0x1f, 0x26, 0x80, 0xff];
const SHORT_BODIES: number[][] = [
  [],
  ...BYTES.map((a) => [a]),
  ...BYTES.flatMap((a) => BYTES.map((b) => [a, b])),
  ...BYTES.flatMap((a) => BYTES.map((b) => [0, 1, a, b])),
  ...BYTES.flatMap((a) => BYTES.map((b) => [0, a, b, 0, 0])),
];
