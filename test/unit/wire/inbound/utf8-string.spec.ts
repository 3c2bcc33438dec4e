import { describe, expect, it } from '@jest/globals';
import { checkUtf8String, endOfString, readUtf8String } from '../../../../lib/wire/inbound/utf8-string.js';
import { violation } from './support/frames.js';

const WHAT = 'Content Type of a PUBLISH';
const LONG = 'x'.repeat(65);

function read(bytes: Buffer): string {
  const around = Buffer.concat([Buffer.from([0xff]), bytes, Buffer.from([0xff])]);
  checkUtf8String(around, 1, around.length - 1, WHAT);
  return readUtf8String(around, 1, around.length - 1, WHAT);
}

describe('UTF-8 Encoded String', () => {
  it.each([
    ['nothing', ''],
    ['ASCII', 'application/json'],
    ['64 bytes of ASCII', 'x'.repeat(64)],
    ['more of it', LONG],
    ['two, three and four bytes for a character', 'ü€😀'],
    ['many of them', 'ü€😀'.repeat(50)],
    ['U+007F and U+0080', '\u007f\u0080'],
    ['control characters, which are discouraged', 'a\u0001\r\n\u0085'],
    ['noncharacters, which are discouraged', '\ufffe\u{1ffff}\ufdd0'],
    ['U+FFFD itself', '\ufffd'],
  ])('1.5.4 reads %s', (_, string) => {
    expect(read(Buffer.from(string))).toBe(string);
  });

  it('[MQTT-1.5.4-3] keeps U+FEFF', () => {
    expect(read(Buffer.from('\ufeffa'))).toBe('\ufeffa');
    expect(read(Buffer.from(`\ufeff${LONG}`))).toBe(`\ufeff${LONG}`);
  });

  it.each([
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['an overlong form of /', [0xc0, 0xaf]],
    ['an overlong form of U+0000', [0xc0, 0x80]],
    ['a character that does not end', [0x61, 0xe2, 0x82]],
    ['what is beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
    ['Latin-1', [0xfc]],
    ['a surrogate behind many others', [...Buffer.from(LONG), 0xed, 0xb0, 0x80]],
  ])('[MQTT-1.5.4-1] refuses %s', (_, bytes) => {
    const expected = violation(0x81, /Content Type of a PUBLISH.*MQTT-1\.5\.4-1/);
    expect(() => readUtf8String(Buffer.from(bytes), 0, bytes.length, WHAT)).toThrow(expected);
    expect(() => checkUtf8String(Buffer.from(bytes), 0, bytes.length, WHAT)).toThrow(expected);
  });

  it.each([
    ['alone', '\0'],
    ['among others', 'a\0b'],
    ['among many', `${LONG}\0`],
    ['among others than ASCII', 'ü\0'],
  ])('[MQTT-1.5.4-2] refuses U+0000 %s', (_, string) => {
    const bytes = Buffer.from(string);
    const expected = violation(0x81, /Content Type of a PUBLISH.*MQTT-1\.5\.4-2/);
    expect(() => readUtf8String(bytes, 0, bytes.length, WHAT)).toThrow(expected);
    expect(() => checkUtf8String(bytes, 0, bytes.length, WHAT)).toThrow(expected);
  });
});

describe('endOfString', () => {
  const bytes = Buffer.from([0xff, 0x00, 0x02, 0x61, 0x62, 0xff]);

  it('is behind the characters', () => {
    expect(endOfString(bytes, 1, 5, WHAT)).toBe(5);
    expect(endOfString(Buffer.alloc(70_000, 0xff), 0, 70_000, WHAT)).toBe(65_537);
  });

  it.each([
    ['a character', 4],
    ['every character', 3],
    ['half of the length', 2],
    ['the length', 1],
  ])('1.5.4 refuses a string that lacks %s', (_, end) => {
    expect(() => endOfString(bytes, 1, end, WHAT)).toThrow(violation(0x81, /Content Type of a PUBLISH.*1\.5\.4/));
  });
});
