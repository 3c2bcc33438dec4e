import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MAX_UTF8_BYTES, utf8Excerpt, utf8StringProblem } from '../../../lib/protocol/utf8-string.js';

describe('utf8StringProblem', () => {
  it('takes every well-formed string without U+0000', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(utf8StringProblem(text) === undefined).toBe(!text.includes('\0'));
      }),
    );
  });

  it('refuses a surrogate that stands alone, wherever it stands', () => {
    const lone = fc.integer({ min: 0xd800, max: 0xdfff }).map((unit) => String.fromCharCode(unit));
    fc.assert(
      fc.property(fc.string(), lone, fc.string(), (before, surrogate, after) => {
        expect(utf8StringProblem(`${before}${surrogate}${after}`)).toMatch(/lone surrogate/);
      }),
    );
  });

  it.each([
    ['one byte', 'x', 1],
    ['two bytes', 'é', 2],
    ['three bytes', '€', 3],
    ['four bytes', '😀', 4],
  ])('counts bytes, not characters: %s each', (_, character, bytes) => {
    const most = Math.floor(MAX_UTF8_BYTES / bytes);
    expect(utf8StringProblem(character.repeat(most))).toBeUndefined();
    expect(utf8StringProblem(character.repeat(most + 1))).toMatch(/longer than 65535 bytes/);
  });
});

describe('utf8Excerpt', () => {
  const anything = fc.string({ unit: fc.constantFrom('a', '€', '😀', '\ud83d', '\ude00', '\0') });

  it('makes a UTF-8 string of bounded length of anything', () => {
    fc.assert(
      fc.property(anything, fc.nat(20), (text, maxLength) => {
        const excerpt = utf8Excerpt(text, maxLength);
        expect(utf8StringProblem(excerpt)).toBeUndefined();
        expect(excerpt.length).toBeLessThanOrEqual(maxLength);
      }),
    );
  });

  it('keeps a text that is one and fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(utf8StringProblem(text) === undefined);
        expect(utf8Excerpt(text, text.length)).toBe(text);
      }),
    );
  });
});
