import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { generate, type Packet } from 'mqtt-packet';
import { PacketReader } from '../../../../lib/testing/packets/packet-reader.js';

const version = { protocolVersion: 5 };
const connect = generate({ cmd: 'connect', clientId: 'c', protocolVersion: 5, clean: true });
const bodies = fc.oneof(
  fc.record({
    cmd: fc.constant('publish' as const),
    topic: fc.string({ minLength: 1 }).map((text) => text.replaceAll(/[#+\0]/g, '_')),
    payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    qos: fc.constantFrom(1 as const, 2 as const),
    messageId: fc.integer({ min: 1, max: 65_535 }),
    retain: fc.boolean(),
    dup: fc.boolean(),
  }),
  fc.constant({ cmd: 'pingreq' as const }),
  fc.integer({ min: 1, max: 65_535 }).map((messageId) => ({ cmd: 'puback' as const, messageId, reasonCode: 0 })),
);

function read(reader: PacketReader, bytes: Buffer): Packet[] {
  return [...reader.read(bytes)];
}

describe('PacketReader', () => {
  it('finds the same packets however their bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(bodies, { maxLength: 10 }), fc.array(fc.integer({ min: 1, max: 50 })), (packets, cuts) => {
        const bytes = Buffer.concat([connect, ...packets.map((packet) => generate(packet, version))]);
        const reader = new PacketReader(1_000_000);
        const found: Packet[] = [];
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          found.push(...read(reader, bytes.subarray(at, at + cut)));
          at += cut;
        }
        expect(found.slice(1)).toMatchObject(packets);
      }),
    );
  });

  it('yields the packets before a broken one first', () => {
    const packets = new PacketReader(1000).read(Buffer.concat([connect, Buffer.from([0xc0, 0, 0x00, 0])]));
    expect(packets.next().value).toMatchObject({ cmd: 'connect' });
    expect(packets.next().value).toMatchObject({ cmd: 'pingreq' });
    expect(() => packets.next()).toThrow(expect.objectContaining({ name: 'ProtocolViolation', reasonCode: 0x81 }));
  });

  it('refuses a packet that is too large by its header', () => {
    const reader = new PacketReader(100);
    expect(read(reader, connect)).toHaveLength(1);
    expect(read(reader, Buffer.from([0x30]))).toEqual([]);
    expect(() => read(reader, Buffer.from([99]))).toThrow(expect.objectContaining({ reasonCode: 0x95 }));
  });
});
