import { describe, expect, it } from '@jest/globals';
import { checkReasonCode } from '../../../../lib/wire/inbound/known-reason-codes.js';
import { PacketType } from '../../../../lib/wire/inbound/packet-type.js';
import { violation } from './support/frames.js';

// Section 2.4, the column of each packet; what only clients send is left out.
const TABLE: [string, PacketType, number[]][] = [
  ['[MQTT-3.4.2-1]', PacketType.PUBACK, [0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]],
  ['[MQTT-3.5.2-1]', PacketType.PUBREC, [0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]],
  ['[MQTT-3.6.2-1]', PacketType.PUBREL, [0, 0x92]],
  ['[MQTT-3.7.2-1]', PacketType.PUBCOMP, [0, 0x92]],
  ['[MQTT-3.9.3-2]', PacketType.SUBACK, [0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2]],
  ['[MQTT-3.11.3-2]', PacketType.UNSUBACK, [0, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91]],
  [
    '[MQTT-3.14.2-1]',
    PacketType.DISCONNECT,
    [
      0, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
      0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
    ],
  ],
  ['[MQTT-3.15.2-1]', PacketType.AUTH, [0, 0x18]],
  ['no other packet', PacketType.PINGRESP, []],
];

describe('reason codes of 5.0 (section 2.4)', () => {
  it.each(TABLE)('%s packet type %i knows these', (_, type, known) => {
    const codes = Array.from({ length: 256 }, (__, code) => code);
    for (const code of known) expect(() => checkReasonCode(code, type)).not.toThrow();
    for (const code of codes.filter((one) => !known.includes(one))) {
      const expected = violation(0x82, new RegExp(`${PacketType[type]} has the reason code 0x.*3\\.${type}`));
      expect(() => checkReasonCode(code, type)).toThrow(expected);
    }
  });
});
