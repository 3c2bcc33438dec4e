import { describe, expect, it } from '@jest/globals';
import { checkControlPacket, decodeControlPacket } from '../../../../lib/wire/inbound/control-packets.js';
import { frameOf, packetOf, text, violation } from './support/frames.js';

const METHOD = [0x15, ...text('m')];
const REASON = [0x1f, ...text('r')];
const USER = [0x26, ...text('a'), ...text('b')];

function section(...properties: number[][]): number[] {
  return [properties.flat().length, ...properties.flat()];
}

function check(version: 4 | 5, header: number, ...body: number[]): void {
  checkControlPacket(frameOf(packetOf(header, body)), version);
}

describe('checkControlPacket', () => {
  it.each<[string, number, number[]]>([
    ['CONNACK', 0x20, [0, 0, 0]],
    ['PUBACK', 0x40, [0, 1, 0x10]],
    ['PUBREC', 0x50, [0, 1]],
    ['PUBREL', 0x62, [0, 1]],
    ['PUBCOMP', 0x70, [0, 1, 0x92, 0]],
    ['SUBACK', 0x90, [0, 1, ...section(REASON, USER), 0, 1, 2, 0x80, 0xa2]],
    ['UNSUBACK', 0xb0, [0, 1, ...section(USER, REASON), 0, 0x11]],
    ['PINGRESP', 0xd0, []],
    ['DISCONNECT without reason code', 0xe0, []],
    ['DISCONNECT without properties', 0xe0, [0x8b]],
    ['DISCONNECT', 0xe0, [0x9c, ...section(REASON, USER, [0x1c, ...text('other')])]],
    ['AUTH', 0xf0, [0x18, ...section(METHOD, [0x16, ...text([1])], REASON, USER)]],
  ])('takes a %s of 5.0', (_, header, body) => {
    expect(() => check(5, header, ...body)).not.toThrow();
    expect(() => decodeControlPacket(frameOf(packetOf(header, body)), 5)).not.toThrow();
  });

  it.each<[string, number, number[]]>([
    ['CONNACK', 0x20, [0, 0]],
    ['PUBACK', 0x40, [0, 1]],
    ['PUBREL', 0x62, [0, 1]],
    ['SUBACK', 0x90, [0, 1, 0, 1, 2, 0x80]],
    ['UNSUBACK', 0xb0, [0, 1]],
    ['PINGRESP', 0xd0, []],
  ])('takes a %s of 3.1.1', (_, header, body) => {
    expect(() => check(4, header, ...body)).not.toThrow();
    expect(() => decodeControlPacket(frameOf(packetOf(header, body)), 4)).not.toThrow();
  });

  it.each<[string, number, number[], number, RegExp]>([
    ['2.1.2 packet type 0', 0x00, [], 0x81, /type 0.*2\.1\.2/],
    ['2.1.2 CONNECT', 0x10, [], 0x82, /CONNECT.*only clients.*2\.1\.2/],
    ['2.1.2 SUBSCRIBE', 0x82, [], 0x82, /SUBSCRIBE.*only clients/],
    ['2.1.2 UNSUBSCRIBE', 0xa2, [], 0x82, /UNSUBSCRIBE.*only clients/],
    ['2.1.2 PINGREQ', 0xc0, [], 0x82, /PINGREQ.*only clients/],
    ['[MQTT-2.1.3-1] flags of a CONNACK', 0x21, [0, 0, 0], 0x81, /CONNACK.*0x01.*MQTT-2\.1\.3-1/],
    ['[MQTT-2.1.3-1] flags of a PUBREL', 0x60, [0, 1], 0x81, /PUBREL.*0x00.*MQTT-2\.1\.3-1/],
    ['[MQTT-2.1.3-1] flags of a SUBACK', 0x98, [0, 1, 0, 0], 0x81, /SUBACK.*0x08.*MQTT-2\.1\.3-1/],
    ['[MQTT-2.1.3-1] flags of an UNSUBACK', 0xb2, [0, 1, 0, 0], 0x81, /UNSUBACK.*MQTT-2\.1\.3-1/],
    ['[MQTT-2.1.3-1] flags of a PINGRESP', 0xd4, [], 0x81, /PINGRESP.*MQTT-2\.1\.3-1/],
    ['[MQTT-3.14.1-1] flags of a DISCONNECT', 0xe1, [], 0x81, /DISCONNECT.*MQTT-2\.1\.3-1/],
    ['[MQTT-3.15.1-1] flags of an AUTH', 0xf1, [0x18, ...section(METHOD)], 0x81, /AUTH.*MQTT-2\.1\.3-1/],
    ['a CONNACK that checkConnack() refuses', 0x20, [2, 0, 0], 0x81, /acknowledge flags/],
    ['62 00', 0x62, [], 0x81, /PUBREL has no Packet Identifier/],
    ['a reason code of a PUBACK', 0x40, [0, 1, 1], 0x82, /PUBACK has the reason code 0x01/],
    ['2.2.1 a SUBACK without Packet Identifier', 0x90, [1], 0x81, /SUBACK has no Packet Identifier.*2\.2\.1/],
    ['[MQTT-2.2.1-3] Packet Identifier 0', 0x90, [0, 0, 0, 0], 0x81, /SUBACK.*Identifier 0.*MQTT-2\.2\.1-3/],
    ['3.9.3 a SUBACK without reason code', 0x90, [0, 1, 0], 0x82, /SUBACK has no reason code.*3\.9\.3/],
    ['3.9.2.1 a SUBACK without properties', 0x90, [0, 1], 0x81, /SUBACK/],
    ['[MQTT-3.9.3-2] a reason code of a SUBACK', 0x90, [0, 1, 0, 0, 3], 0x82, /SUBACK.*0x03.*3\.9/],
    ['2.2.2.2 a property of a SUBACK', 0x90, [0, 1, 3, 0x13, 0, 1, 0], 0x81, /SUBACK.*0x13/],
    ['[MQTT-2.2.1-3] Packet Identifier 0', 0xb0, [0, 0, 0, 0], 0x81, /UNSUBACK.*Identifier 0/],
    ['3.11.3 an UNSUBACK without reason code', 0xb0, [0, 1, 0], 0x82, /UNSUBACK has no reason code.*3\.11\.3/],
    ['[MQTT-3.11.3-2] a reason code of an UNSUBACK', 0xb0, [0, 1, 0, 1], 0x82, /UNSUBACK.*0x01.*3\.11/],
    ['2.2.2.2 a property of an UNSUBACK', 0xb0, [0, 1, 3, 0x13, 0, 1, 0], 0x81, /UNSUBACK.*0x13/],
    ['3.13.1 a PINGRESP with a body', 0xd0, [0], 0x81, /PINGRESP.*3\.13\.1/],
    ['[MQTT-3.14.2-1] a reason code of a DISCONNECT', 0xe0, [0x04], 0x82, /DISCONNECT.*0x04.*3\.14/],
    ['[MQTT-3.14.2-2] Session Expiry Interval', 0xe0, [0, 5, 0x11, 0, 0, 0, 1], 0x81, /DISCONNECT.*0x11/],
    ['3.14.2.2 bytes behind the properties', 0xe0, [0, 0, 0], 0x81, /DISCONNECT has bytes after/],
    ['[MQTT-3.15.2-1] a reason code of an AUTH', 0xf0, [0x19, ...section(METHOD)], 0x82, /AUTH.*0x19.*3\.15/],
    ['3.15.2.2.2 an empty AUTH', 0xf0, [], 0x82, /no Authentication Method.*3\.15\.2\.2\.2/],
    ['3.15.2.2.2 an AUTH without method', 0xf0, [0x18, 0], 0x82, /no Authentication Method/],
    ['3.15.2.2 an AUTH without properties', 0xf0, [0x18], 0x81, /AUTH/],
    ['3.15.2.2 bytes behind the properties', 0xf0, [0, ...section(METHOD), 0], 0x81, /AUTH has bytes after/],
    ['2.2.2.2 a property of an AUTH', 0xf0, [0, ...section(METHOD, [0x1c, 0, 0])], 0x81, /AUTH.*0x1c/],
  ])('5.0: refuses %s', (_, header, body, reasonCode, message) => {
    expect(() => check(5, header, ...body)).toThrow(violation(reasonCode, message));
  });

  it.each<[string, number, number[], number, RegExp]>([
    ['2.2.1 packet type 0', 0x00, [], 0x81, /type 0/],
    ['2.2.1 packet type 15', 0xf0, [0x18, ...section(METHOD)], 0x81, /type 15/],
    ['2.2.1 DISCONNECT', 0xe0, [], 0x82, /DISCONNECT.*only clients/],
    ['[MQTT-2.2.2-1] flags of a CONNACK', 0x21, [0, 0], 0x81, /CONNACK/],
    ['a CONNACK that checkConnack() refuses', 0x20, [0, 0, 0], 0x81, /CONNACK/],
    ['3.4.1 a PUBACK of three bytes', 0x40, [0, 1, 0], 0x81, /PUBACK/],
    ['3.9.2 a SUBACK without Packet Identifier', 0x90, [], 0x81, /SUBACK has no Packet Identifier/],
    ['[MQTT-2.3.1-1] Packet Identifier 0', 0x90, [0, 0, 0], 0x81, /SUBACK.*Identifier 0/],
    ['3.9.3 a SUBACK without return code', 0x90, [0, 1], 0x82, /SUBACK has no return code.*3\.9\.3/],
    ['[MQTT-3.9.3-2] the return code 3', 0x90, [0, 1, 0, 3], 0x82, /SUBACK.*0x03.*MQTT-3\.9\.3-2/],
    ['[MQTT-3.9.3-2] a reason code of 5.0', 0x90, [0, 1, 0x87], 0x82, /SUBACK.*0x87/],
    ['3.11.1 an UNSUBACK of three bytes', 0xb0, [0, 1, 0], 0x81, /UNSUBACK.*3\.11\.1/],
    ['[MQTT-2.3.1-1] Packet Identifier 0', 0xb0, [0, 0], 0x81, /UNSUBACK.*Identifier 0/],
    ['3.13.1 a PINGRESP with a body', 0xd0, [0], 0x81, /PINGRESP/],
  ])('3.1.1: refuses %s', (_, header, body, reasonCode, message) => {
    expect(() => check(4, header, ...body)).toThrow(violation(reasonCode, message));
  });

  it('leaves a PUBLISH to the PublishDecoder', () => {
    expect(() => check(5, 0x30, 0, 1, 97, 0)).toThrow(TypeError);
  });
});

describe('decodeControlPacket', () => {
  it('decodes what the packet holds', () => {
    const suback = packetOf(0x90, [0, 7, ...section(REASON), 1, 0x87]);
    expect(decodeControlPacket(frameOf(suback), 5)).toMatchObject({
      cmd: 'suback',
      messageId: 7,
      granted: [1, 0x87],
      properties: { reasonString: 'r' },
    });
    expect(decodeControlPacket(frameOf([0x20, 2, 1, 0]), 4)).toMatchObject({
      cmd: 'connack',
      sessionPresent: true,
      returnCode: 0,
    });
    expect(decodeControlPacket(frameOf([0x20, 2, 0, 1]), 5)).toMatchObject({ cmd: 'connack', reasonCode: 1 });
  });

  it.each([true, false])('keeps nothing of a frame that does not own its bytes: %p', (owned) => {
    const frame = frameOf(packetOf(0xf0, [0x18, ...section(METHOD, [0x16, ...text([7, 8])])]), owned);
    const packet = decodeControlPacket(frame, 5) as { properties: { authenticationData: Buffer } };
    if (!owned) frame.bytes.fill(0xee);
    expect([...packet.properties.authenticationData]).toEqual([7, 8]);
  });

  it.each<[string, number[], RegExp]>([
    ['what mqtt-packet refuses', [0xe0, 1, 0x05], /cannot be decoded: Invalid disconnect reason code/],
    ['a packet that is cut short', [0x20, 9, 0, 0], /cannot be decoded/],
  ])('throws a violation for %s', (_, packet, message) => {
    expect(() => decodeControlPacket(frameOf(packet), 5)).toThrow(violation(0x81, message));
  });

  it('reads a packet after one that cannot be read', () => {
    expect(() => decodeControlPacket(frameOf([0xe0, 1, 0x05]), 5)).toThrow(violation(0x81));
    expect(decodeControlPacket(frameOf([0xd0, 0]), 5)).toMatchObject({ cmd: 'pingresp' });
  });
});
