import { describe, expect, it } from '@jest/globals';
import { checkConnack } from '../../../../lib/wire/inbound/connack-check.js';
import { frameOf, packetOf, text, violation } from './support/frames.js';

function check(version: 4 | 5, ...body: number[]): void {
  checkConnack(frameOf(packetOf(0x20, body)), version);
}

/** Table 2-4: properties of a CONNACK. */
const PROPERTIES: number[][] = [
  [0x11, 0, 0, 0, 1],
  [0x12, ...text('c')],
  [0x13, 0, 0],
  [0x15, ...text('m')],
  [0x16, ...text('d')],
  [0x1a, ...text('r')],
  [0x1c, ...text('s')],
  [0x1f, ...text('r')],
  [0x21, 0, 1],
  [0x22, 0, 0],
  [0x24, 0],
  [0x25, 0],
  [0x26, ...text('a'), ...text('b')],
  [0x27, 0, 0, 0, 1],
  [0x28, 0],
  [0x29, 0],
  [0x2a, 0],
];

describe('CONNACK of 5.0 (section 3.2)', () => {
  it.each<[string, number[]]>([
    ['a session that goes on', [1, 0, 0]],
    ['every property', [0, 0, PROPERTIES.flat().length, ...PROPERTIES.flat()]],
    ['a refusal', [0, 0x84, 0]],
    ['a refusal with a reason code that nobody knows', [0, 0xfe, 0]],
  ])('takes %s', (_, body) => {
    expect(() => check(5, ...body)).not.toThrow();
  });

  it.each([1, 2, 3, 4, 5])('[MQTT-3.1.2-2] takes the return code %i of a broker that speaks 3.1.1 only', (code) => {
    expect(() => check(5, 0, code)).not.toThrow();
  });

  it.each<[string, number[], number, RegExp]>([
    ['3.2.2 an empty one', [], 0x81, /no reason code.*3\.2\.2/],
    ['3.2.2 one without reason code', [0], 0x81, /no reason code/],
    ['[MQTT-3.2.2-1] reserved acknowledge flags', [2, 0, 0], 0x81, /0x02.*MQTT-3\.2\.2-1/],
    ['[MQTT-3.2.2-6] Session Present with a refusal', [1, 0x87, 0], 0x82, /0x87.*Session Present.*MQTT-3\.2\.2-6/],
    ['[MQTT-3.2.2-8] a reason code below 0x80', [0, 1, 0], 0x82, /0x01.*MQTT-3\.2\.2-8/],
    ['[MQTT-3.2.2-8] the highest of them', [0, 0x7f, 0], 0x82, /0x7f/],
    ['3.2.2.3 one without properties', [0, 0], 0x81, /no properties.*3\.2\.2\.3/],
    ['3.2.2.3 a refusal of 5.0 without properties', [0, 0x84], 0x81, /no properties/],
    ['a return code of no version', [0, 6], 0x81, /no properties/],
    ['[MQTT-3.2.2-6] a return code of 3.1.1 with Session Present', [1, 1], 0x82, /Session Present/],
    ['3.2.2.3 bytes behind the properties', [0, 0, 0, 0], 0x81, /has bytes after its properties/],
    ['2.2.2.2 a property of another packet', [0, 0, 3, 0x23, 0, 1], 0x81, /0x23/],
    ['3.2.2.3.3 Receive Maximum 0', [0, 0, 3, 0x21, 0, 0], 0x82, /Receive Maximum/],
    ['3.2.2.3.4 Maximum QoS 2', [0, 0, 2, 0x24, 2], 0x82, /Maximum QoS/],
    ['3.2.2.3.6 Maximum Packet Size 0', [0, 0, 5, 0x27, 0, 0, 0, 0], 0x82, /Maximum Packet Size/],
  ])('refuses %s', (_, body, reasonCode, message) => {
    expect(() => check(5, ...body)).toThrow(violation(reasonCode, message));
  });
});

describe('CONNACK of 3.1.1 (section 3.2)', () => {
  it.each<[string, number[]]>([
    ['a session that goes on', [1, 0]],
    ['a refusal', [0, 5]],
    ['a refusal with a return code that nobody knows', [0, 0x87]],
  ])('takes %s', (_, body) => {
    expect(() => check(4, ...body)).not.toThrow();
  });

  it.each<[string, number[], number]>([
    ['3.2.1 one byte', [0], 0x81],
    ['3.2.1 three bytes', [0, 0, 0], 0x81],
    ['3.2.2.1 reserved acknowledge flags', [0x80, 0], 0x81],
    ['[MQTT-3.2.2-4] Session Present with a refusal', [1, 5], 0x82],
  ])('refuses %s', (_, body, reasonCode) => {
    expect(() => check(4, ...body)).toThrow(violation(reasonCode));
  });
});
