import { describe, expect, it } from '@jest/globals';
import { packetIdentifierOf, reasonCodeOf } from '../../../../lib/wire/inbound/acknowledgement-decoder.js';
import { frameOf, packetOf, text, violation } from './support/frames.js';

const KINDS = [
  ['PUBACK', 0x40],
  ['PUBREC', 0x50],
  ['PUBREL', 0x62],
  ['PUBCOMP', 0x70],
] as const;
const REASON = [0x1f, ...text('no')];
const USER = [0x26, ...text('a'), ...text('b')];

function read(packet: readonly number[], version: 4 | 5): [identifier: number, reasonCode: number] {
  const frame = frameOf(packet);
  return [packetIdentifierOf(frame), reasonCodeOf(frame, version)];
}

describe.each(KINDS)('%s', (name, header) => {
  it.each([4, 5] as const)('reads a Packet Identifier alone, protocol version %i', (version) => {
    expect(read([header, 2, 0x12, 0x34], version)).toEqual([0x1234, 0]);
    expect(read([header, 2, 0xff, 0xff], version)).toEqual([0xffff, 0]);
  });

  it('reads a reason code, without properties, and with them', () => {
    const code = header < 0x60 ? 0x80 : 0x92;
    expect(read([header, 3, 0, 1, code], 5)).toEqual([1, code]);
    expect(read([header, 4, 0, 1, code, 0], 5)).toEqual([1, code]);
    const properties = [...USER, ...REASON, ...USER];
    expect(read(packetOf(header, [0, 1, code, properties.length, ...properties]), 5)).toEqual([1, code]);
  });

  it.each([4, 5] as const)('2.2.1 refuses one without Packet Identifier, protocol version %i', (version) => {
    const expected = violation(0x81, new RegExp(`${name} has no Packet Identifier.*2\\.2\\.1`));
    for (const packet of [
      [header, 0],
      [header, 1, 1],
    ]) {
      expect(() => packetIdentifierOf(frameOf(packet))).toThrow(expected);
      expect(() => reasonCodeOf(frameOf(packet), version)).toThrow(expected);
    }
  });

  it('[MQTT-2.2.1-3] refuses the Packet Identifier 0', () => {
    expect(() => packetIdentifierOf(frameOf([header, 2, 0, 0]))).toThrow(violation(0x81, /0.*MQTT-2\.2\.1-3/));
  });

  it('[MQTT-2.1.3-1] refuses all other flags', () => {
    for (let flags = 0; flags <= 0x0f; flags++) {
      const other = (header & 0xf0) | flags;
      if (other === header) continue;
      expect(() => packetIdentifierOf(frameOf([other, 2, 0, 1]))).toThrow(violation(0x81, /flags.*MQTT-2\.1\.3-1/));
    }
  });

  it('3.1.1 refuses more than a Packet Identifier', () => {
    expect(() => read([header, 3, 0, 1, 0], 4)).toThrow(violation(0x81, new RegExp(`${name}.*3\\.[4-7]\\.1`)));
  });

  it.each([0x01, 0x7f, 0x81, 0xff, header < 0x60 ? 0x92 : 0x10])('refuses the reason code %i', (code) => {
    expect(() => read([header, 3, 0, 1, code], 5)).toThrow(violation(0x82, /reason code/));
  });

  it.each([
    ['a Reason String twice', [...REASON, ...REASON], 0x82],
    ['a property of another packet', [0x03, ...text('x')], 0x81],
    ['a Reason String that is not UTF-8', [0x1f, ...text([0xff])], 0x81],
    ['U+0000 in a User Property', [0x26, ...text('a'), ...text('\0')], 0x81],
    ['a property that is cut short', [0x1f, 0, 9, 97], 0x81],
  ])('refuses %s', (_, properties, reasonCode) => {
    const packet = packetOf(header, [0, 1, 0, properties.length, ...properties]);
    expect(() => read(packet, 5)).toThrow(violation(reasonCode));
  });

  it('refuses bytes behind its properties, and properties beyond its end', () => {
    expect(() => read([header, 5, 0, 1, 0, 0, 0], 5)).toThrow(violation(0x81, /has bytes after its properties/));
    expect(() => read([header, 4, 0, 1, 0, 1], 5)).toThrow(violation(0x81, /longer than the packet/));
    expect(() => read([header, 4, 0, 1, 0, 0x80], 5)).toThrow(violation(0x81, /longer than the packet/));
  });
});

describe('62 00', () => {
  it('is a PUBREL without Packet Identifier: MQTT.js would answer it with a PUBCOMP that ends the process', () => {
    expect(() => packetIdentifierOf(frameOf([0x62, 0x00]))).toThrow(violation(0x81, /PUBREL has no Packet Identifier/));
  });
});
