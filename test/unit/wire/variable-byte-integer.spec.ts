import { describe, expect, it } from '@jest/globals';
import { variableByteInteger, variableByteIntegerWidth } from '../../../lib/wire/variable-byte-integer.js';
import { violation } from './inbound/support/frames.js';

const WHAT = 'length of something';

describe('Variable Byte Integer (section 1.5.5)', () => {
  it.each([
    [[0x00], 0],
    [[0x7f], 127],
    [[0x80, 0x01], 128],
    [[0xff, 0x7f], 16_383],
    [[0x80, 0x80, 0x01], 16_384],
    [[0xff, 0xff, 0x7f], 2_097_151],
    [[0x80, 0x80, 0x80, 0x01], 2_097_152],
    [[0xff, 0xff, 0xff, 0x7f], 268_435_455],
    [[0x81, 0x80, 0x00], 1],
  ])('%j is %i', (encoded, value) => {
    const bytes = Buffer.from([0xee, ...encoded, 0xee]);
    expect(variableByteIntegerWidth(bytes, 1, bytes.length, WHAT)).toBe(encoded.length);
    expect(variableByteInteger(bytes, 1)).toBe(value);
  });

  it.each([[[]], [[0x80]], [[0xff, 0xff, 0xff]]])('%j has not ended', (encoded) => {
    const bytes = Buffer.from([...encoded, 0x01]);
    expect(variableByteIntegerWidth(bytes, 0, encoded.length, WHAT)).toBe(0);
  });

  it('refuses a fifth byte as soon as the fourth calls for it', () => {
    const bytes = Buffer.from([0x80, 0x80, 0x80, 0x80]);
    expect(() => variableByteIntegerWidth(bytes, 0, 4, WHAT)).toThrow(violation(0x81, /length of something.*1\.5\.5/));
  });
});
