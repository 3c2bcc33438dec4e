import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { readVariableByteInteger, variableByteInteger } from '../../../../lib/testing/packets/variable-byte-integer.js';

describe('Variable Byte Integer (section 1.5.5)', () => {
  it.each([
    [0, [0]],
    [127, [0x7f]],
    [128, [0x80, 0x01]],
    [16_383, [0xff, 0x7f]],
    [16_384, [0x80, 0x80, 0x01]],
    [2_097_151, [0xff, 0xff, 0x7f]],
    [2_097_152, [0x80, 0x80, 0x80, 0x01]],
    [268_435_455, [0xff, 0xff, 0xff, 0x7f]],
  ])('%i is %j', (value, bytes) => {
    expect([...variableByteInteger(value)]).toEqual(bytes);
    expect(readVariableByteInteger(Buffer.from(bytes), 0)).toEqual({ value, length: bytes.length });
  });

  it('is read as it was written, wherever it stands', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 268_435_455 }), fc.uint8Array({ maxLength: 5 }), (value, before) => {
        const bytes = Buffer.concat([before, variableByteInteger(value), Buffer.from([0xff])]);
        expect(readVariableByteInteger(bytes, before.length).value).toBe(value);
      }),
    );
  });

  it.each([[[]], [[0x80]], [[0x80, 0x80, 0x80, 0x80, 0x01]]])('%j is none', (bytes) => {
    expect(() => readVariableByteInteger(Buffer.from(bytes), 0)).toThrow(
      expect.objectContaining({ name: 'RangeError' }),
    );
  });
});
