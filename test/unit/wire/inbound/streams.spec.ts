import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Packet } from 'mqtt-packet';
import { packetIdentifierOf, reasonCodeOf } from '../../../../lib/wire/inbound/acknowledgement-decoder.js';
import { checkControlPacket, decodeControlPacket } from '../../../../lib/wire/inbound/control-packets.js';
import { FrameReader, type Frame } from '../../../../lib/wire/inbound/frame-reader.js';
import { PacketType, packetTypeOf } from '../../../../lib/wire/inbound/packet-type.js';
import { PublishDecoder } from '../../../../lib/wire/inbound/publish-decoder.js';
import {
  acknowledgements,
  bytesOf,
  controlPackets,
  parsedByMqttPacket,
  publishes,
  type Version,
} from './support/arbitrary-packets.js';
import { pushInPieces } from './support/frames.js';

/** Reads packets of every kind; an acknowledgement becomes what the data plane takes of it. */
function readerOf(version: Version, received: unknown[]): FrameReader {
  const decoder = new PublishDecoder(version, 65_535);
  return new FrameReader((frame) => received.push(read(frame, decoder, version)));
}

function read(frame: Frame, decoder: PublishDecoder, version: Version): unknown {
  const type = packetTypeOf(frame);
  if (type === PacketType.PUBLISH) return decoder.decode(frame);
  checkControlPacket(frame, version);
  if (type < PacketType.PUBACK || type > PacketType.PUBCOMP) return decodeControlPacket(frame, version);
  return { type, messageId: packetIdentifierOf(frame), reasonCode: reasonCodeOf(frame, version) };
}

/** The same of what mqtt-packet has parsed. */
function expected(packet: Packet): unknown {
  const type = PacketType[packet.cmd.toUpperCase() as keyof typeof PacketType];
  if (type < PacketType.PUBACK || type > PacketType.PUBCOMP) return packet;
  const { messageId, reasonCode } = packet as { messageId: number; reasonCode?: number };
  return { type, messageId, reasonCode: reasonCode ?? 0 };
}

const pieces = fc.oneof(
  fc.constant([1]),
  fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 4_000 })), { minLength: 1 }),
);

describe.each([4, 5] as const)('a stream of packets, protocol version %i', (version) => {
  it('is read as mqtt-packet reads it, however its bytes are cut, and nothing of them is kept', () => {
    const packets = fc.oneof(publishes(version), acknowledgements(version), controlPackets(version));
    fc.assert(
      fc.property(fc.array(packets, { minLength: 1, maxLength: 8 }), pieces, (list, lengths) => {
        const bytes = Buffer.concat(list.map((packet) => bytesOf(packet, version)));
        const received: unknown[] = [];
        pushInPieces(readerOf(version, received), bytes, lengths);
        expect(received).toEqual(parsedByMqttPacket(bytes, version).map(expected));
      }),
      { numRuns: 200 },
    );
  });

  it('gives the same PUBLISH again and again, whatever is remembered of it', () => {
    fc.assert(
      fc.property(fc.array(publishes(version), { minLength: 1, maxLength: 4 }), (list) => {
        const bytes = Buffer.concat(list.map((packet) => bytesOf(packet, version)));
        const received: unknown[] = [];
        pushInPieces(readerOf(version, received), Buffer.concat([bytes, bytes, bytes]), [4_096]);
        const once = received.slice(0, list.length);
        expect(received).toEqual([...once, ...once, ...once]);
      }),
    );
  });
});
