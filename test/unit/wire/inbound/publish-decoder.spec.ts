import { describe, expect, it } from '@jest/globals';
import { PublishDecoder } from '../../../../lib/wire/inbound/publish-decoder.js';
import { frameOf, packetOf, text, violation } from './support/frames.js';

const TOPIC = text('a/b');
const NONE = [0]; // no properties
const CONTENT_TYPE = [3 + 1, 0x03, ...text('x')];

function alias(value: number): number[] {
  return [3, 0x23, value >> 8, value & 0xff];
}

function decode5(header: number, ...body: number[][]): ReturnType<PublishDecoder['decode']> {
  return new PublishDecoder(5, 10).decode(frameOf(packetOf(header, body.flat())));
}

function decode4(header: number, ...body: number[][]): ReturnType<PublishDecoder['decode']> {
  return new PublishDecoder(4, 0).decode(frameOf(packetOf(header, body.flat())));
}

describe('PublishDecoder', () => {
  it('reads a PUBLISH of 5.0', () => {
    expect(decode5(0x3b, TOPIC, [0x12, 0x34], CONTENT_TYPE, [7, 8])).toStrictEqual({
      cmd: 'publish',
      topic: 'a/b',
      payload: Buffer.from([7, 8]),
      qos: 1,
      retain: true,
      dup: true,
      messageId: 0x1234,
      length: 14,
      properties: { contentType: 'x' },
    });
  });

  it('gives objects of one shape', () => {
    const shape = ['cmd', 'topic', 'payload', 'qos', 'retain', 'dup', 'messageId', 'length', 'properties'];
    expect(Object.keys(decode5(0x30, TOPIC, NONE))).toEqual(shape);
    expect(Object.keys(decode4(0x32, TOPIC, [0, 1]))).toEqual(shape);
  });

  it('3.1.1 has no properties', () => {
    expect(decode4(0x34, TOPIC, [0, 9], [7])).toMatchObject({ qos: 2, messageId: 9, payload: Buffer.from([7]) });
    expect(decode4(0x30, TOPIC, [4, 0x03]).properties).toBeUndefined();
  });

  it('leaves out what is not there', () => {
    expect(decode5(0x30, TOPIC, NONE)).toMatchObject({ messageId: undefined, properties: undefined, length: 6 });
    expect(decode5(0x30, TOPIC, NONE).payload).toHaveLength(0);
  });

  it.each([[1], [48], [49], [200]])(
    'copies a payload of %i bytes out of a frame that does not own its bytes',
    (length) => {
      const payload = Array.from({ length }, (_, i) => i);
      const frame = frameOf(packetOf(0x30, [...TOPIC, 0, ...payload]));
      const received = new PublishDecoder(5, 0).decode(frame);
      frame.bytes.fill(0xee);
      expect([...received.payload]).toEqual(payload);
    },
  );

  it('slices the payload of a frame that owns its bytes', () => {
    const frame = frameOf(packetOf(0x30, [...TOPIC, 0, 7, 8]), true);
    const { payload } = new PublishDecoder(5, 0).decode(frame);
    expect([...payload]).toEqual([7, 8]);
    expect(payload.buffer).toBe(frame.bytes.buffer);
  });

  it('copies Correlation Data out of any frame', () => {
    const frame = frameOf(packetOf(0x30, [...TOPIC, 5, 0x09, ...text([7, 8])]), true);
    const { properties } = new PublishDecoder(5, 0).decode(frame);
    frame.bytes.fill(0xee);
    expect([...properties!.correlationData!]).toEqual([7, 8]);
  });

  it('[MQTT-3.3.2-15] does not look at the payload, whatever its format indicator says', () => {
    expect(decode5(0x30, TOPIC, [2, 0x01, 1], [0xff]).payload).toEqual(Buffer.from([0xff]));
  });

  it('1.5.5 reads properties longer than 127 bytes, and a length that is longer than necessary', () => {
    const value = 'v'.repeat(200);
    const property = [0x26, ...text('n'), ...text(value)];
    const length = [(property.length & 0x7f) | 0x80, property.length >> 7];
    expect(decode5(0x30, TOPIC, length, property, [7])).toMatchObject({
      payload: Buffer.from([7]),
      properties: { userProperties: { n: value } },
    });
    expect(decode5(0x30, TOPIC, [0x80, 0x80, 0x00], [7]).payload).toEqual(Buffer.from([7]));
  });

  it('3.3.2.3.4 resolves the aliases of its connection', () => {
    const decoder = new PublishDecoder(5, 10);
    const decode = (...body: number[][]): string => decoder.decode(frameOf(packetOf(0x30, body.flat()))).topic;
    expect(decode(TOPIC, alias(10))).toBe('a/b');
    expect(decode(text('c'), NONE)).toBe('c');
    expect(decode(text(''), alias(10))).toBe('a/b');
    expect(decode(text('d'), alias(10))).toBe('d');
    expect(decode(text(''), alias(10))).toBe('d');
    expect(() => decode5(0x30, text(''), alias(10))).toThrow(violation(0x82, /Topic Alias 10/));
  });

  it('gives a Topic Name that comes again as the same text', () => {
    const decoder = new PublishDecoder(5, 0);
    for (let i = 0; i < 3; i++) {
      expect(decoder.decode(frameOf(packetOf(0x30, [...text('ü/x'), 0]))).topic).toBe('ü/x');
      expect(decoder.decode(frameOf(packetOf(0x30, [...text('y'.repeat(300)), 0]))).topic).toBe('y'.repeat(300));
    }
  });

  it('does not take for a Topic Name what came as a property', () => {
    const decoder = new PublishDecoder(5, 0);
    const properties = [4, 0x03, ...text('#')];
    for (let i = 0; i < 3; i++) decoder.decode(frameOf(packetOf(0x30, [...TOPIC, ...properties])));
    const wildcard = frameOf(packetOf(0x30, [...text('#'), 0]));
    expect(() => decoder.decode(wildcard)).toThrow(violation(0x90));
  });

  it.each<[string, number, number[][], number, RegExp]>([
    ['[MQTT-3.3.1-4] QoS 3', 0x36, [TOPIC, [0, 1], NONE], 0x81, /QoS 3.*MQTT-3\.3\.1-4/],
    ['[MQTT-3.3.1-2] DUP at QoS 0', 0x38, [TOPIC, NONE], 0x81, /DUP.*MQTT-3\.3\.1-2/],
    ['[MQTT-2.2.1-3] Packet Identifier 0', 0x32, [TOPIC, [0, 0], NONE], 0x81, /Packet Identifier 0.*MQTT-2\.2\.1-3/],
    ['3.3.2.2 no Packet Identifier', 0x32, [TOPIC], 0x81, /no Packet Identifier.*3\.3\.2\.2/],
    ['3.3.2.2 half a Packet Identifier', 0x32, [TOPIC, [1]], 0x81, /no Packet Identifier/],
    ['3.3.2.1 no Topic Name', 0x30, [], 0x81, /Topic Name/],
    ['3.3.2.1 a Topic Name longer than the packet', 0x30, [[0, 9, 97]], 0x81, /Topic Name.*1\.5\.4/],
    ['[MQTT-3.3.2-1] a Topic Name that is not UTF-8', 0x30, [text([0xff]), NONE], 0x81, /Topic Name.*MQTT-1\.5\.4-1/],
    ['[MQTT-1.5.4-1] a surrogate', 0x30, [text([0xed, 0xa0, 0x80]), NONE], 0x81, /Topic Name.*MQTT-1\.5\.4-1/],
    ['[MQTT-1.5.4-2] U+0000 in a Topic Name', 0x30, [text('a\0'), NONE], 0x81, /Topic Name.*MQTT-1\.5\.4-2/],
    ['[MQTT-3.3.2-2] the wildcard #', 0x30, [text('a/#'), NONE], 0x90, /wildcard.*MQTT-3\.3\.2-2/],
    ['[MQTT-3.3.2-2] the wildcard +', 0x30, [text('+/a'), NONE], 0x90, /wildcard.*MQTT-3\.3\.2-2/],
    ['3.3.2.1 neither Topic Name nor Topic Alias', 0x30, [text(''), NONE], 0x82, /neither.*3\.3\.2\.1/],
    ['[MQTT-3.3.2-8] Topic Alias 0', 0x30, [TOPIC, alias(0)], 0x94, /MQTT-3\.3\.2-8/],
    ['[MQTT-3.3.2-11] a Topic Alias above the maximum', 0x30, [TOPIC, alias(11)], 0x94, /MQTT-3\.3\.2-11/],
    ['3.3.2.3.1 no properties', 0x30, [TOPIC], 0x81, /ends before its properties.*3\.3\.2\.3\.1/],
    ['3.3.2.3.1 half a length of properties', 0x30, [TOPIC, [0x80]], 0x81, /ends before its properties/],
    ['3.3.2.3.1 properties longer than the packet', 0x30, [TOPIC, [9], [0x01]], 0x81, /longer than the packet/],
    ['1.5.5 a length of properties of five bytes', 0x30, [TOPIC, [128, 128, 128, 128, 0]], 0x81, /1\.5\.5/],
    ['2.2.2.1 a property that goes on behind them', 0x30, [TOPIC, [2, 0x03, 0, 0]], 0x81, /Content Type/],
    ['2.2.2.2 a property of another packet', 0x30, [TOPIC, [3, 0x21, 0, 1]], 0x81, /0x21/],
  ])('refuses %s', (_, header, body, reasonCode, message) => {
    expect(() => decode5(header, ...body)).toThrow(violation(reasonCode, message));
  });

  it.each<[string, number, number[][], number]>([
    ['[MQTT-3.3.1-4] QoS 3', 0x36, [TOPIC, [0, 1]], 0x81],
    ['[MQTT-3.3.1-2] DUP at QoS 0', 0x38, [TOPIC], 0x81],
    ['[MQTT-2.3.1-1] Packet Identifier 0', 0x32, [TOPIC, [0, 0]], 0x81],
    ['[MQTT-1.5.3-1] a Topic Name that is not UTF-8', 0x30, [text([0xff])], 0x81],
    ['[MQTT-1.5.3-2] U+0000 in a Topic Name', 0x30, [text('\0')], 0x81],
    ['[MQTT-3.3.2-2] a wildcard', 0x30, [text('#')], 0x90],
    ['[MQTT-4.7.3-1] an empty Topic Name', 0x30, [text('')], 0x81],
  ])('3.1.1: refuses %s', (_, header, body, reasonCode) => {
    expect(() => decode4(header, ...body)).toThrow(violation(reasonCode));
  });

  it('refuses every PUBLISH that is cut short before its payload', () => {
    const body = [...TOPIC, 0, 1, 9, 0x26, ...text('ab'), ...text('cd')];
    for (let length = 0; length < body.length; length++) {
      expect(() => decode5(0x32, body.slice(0, length))).toThrow(violation(0x81));
    }
    expect(decode5(0x32, body).properties).toEqual({ userProperties: { ab: 'cd' } });
  });

  it('never tells what is in a payload', () => {
    const body = [TOPIC, [2, 0x7f, 0], [...Buffer.from('secret')]];
    expect(() => decode5(0x30, ...body)).toThrow(violation(0x81, /^(?!.*secret)/));
  });
});
