import { describe, expect, it } from '@jest/globals';
import { packetNameOf, PacketType, packetTypeOf } from '../../../../lib/wire/inbound/packet-type.js';
import { frameOf } from './support/frames.js';

describe('packet type (section 2.1.2)', () => {
  it.each([
    [0x0f, PacketType.NONE, 'NONE'],
    [0x3b, PacketType.PUBLISH, 'PUBLISH'],
    [0x62, PacketType.PUBREL, 'PUBREL'],
    [0xff, PacketType.AUTH, 'AUTH'],
  ])('%i is a packet of type %i: %s', (header, type, name) => {
    expect(packetTypeOf(frameOf([header, 0]))).toBe(type);
    expect(packetNameOf(frameOf([header, 0]))).toBe(name);
  });
});
