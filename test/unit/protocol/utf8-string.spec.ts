import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  discouragedCharacter,
  MAX_UTF8_BYTES,
  utf8Excerpt,
  utf8StringProblem,
  withoutDiscouraged,
} from '../../../lib/protocol/utf8-string.js';

const isDiscouraged = (codePoint: number): boolean =>
  (codePoint >= 0x01 && codePoint <= 0x1f) ||
  (codePoint >= 0x7f && codePoint <= 0x9f) ||
  (codePoint >= 0xfdd0 && codePoint <= 0xfdef) ||
  (codePoint & 0xfffe) === 0xfffe;

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

describe('discouragedCharacter', () => {
  it('finds control characters and noncharacters of every plane, and nothing else (section 1.5.4)', () => {
    const wrong: number[] = [];
    for (let codePoint = 0; codePoint <= 0x10_ffff; codePoint++) {
      if (codePoint >= 0xd800 && codePoint <= 0xdfff) continue; // no character, and found by utf8StringProblem
      const found = discouragedCharacter(`a${String.fromCodePoint(codePoint)}b`) !== undefined;
      if (found !== isDiscouraged(codePoint)) wrong.push(codePoint);
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    ['a\u0002', 'the control character U+0002'],
    ['\n', 'the control character U+000A'],
    ['\u007fa', 'the control character U+007F'],
    ['\u009f', 'the control character U+009F'],
    ['\ufdd0', 'the noncharacter U+FDD0'],
    ['a/\uffff', 'the noncharacter U+FFFF'],
    ['\u{10fffe}', 'the noncharacter U+10FFFE'],
    ['\u0007\u0008', 'the control character U+0007'],
  ])('says which one stands first in %j', (text, expected) => {
    expect(discouragedCharacter(text)).toBe(expected);
  });

  it.each(['', 'devices/7/celsius', 'Ümlaut/€/😀', '\u00a0', '\ufffd', '\0'])('has nothing against %j', (text) => {
    expect(discouragedCharacter(text)).toBeUndefined();
  });

  it('finds nothing more when what it finds is replaced', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '\u0001', '\u009f', '\u{1fffe}', '😀') }), (text) => {
        expect(discouragedCharacter(withoutDiscouraged(text, '_'))).toBeUndefined();
      }),
    );
    expect(withoutDiscouraged('a\u{1fffe}\u0001b', '_')).toBe('a__b');
  });
});

describe('utf8Excerpt', () => {
  const anything = fc.string({
    unit: fc.constantFrom('a', '€', '😀', '\ud83d', '\ude00', '\ud83f', '\udffe', '\0', '\n'),
  });

  it('makes a UTF-8 string of bounded length of anything, which every receiver takes', () => {
    fc.assert(
      fc.property(anything, fc.nat(20), (text, maxLength) => {
        const excerpt = utf8Excerpt(text, maxLength);
        expect(utf8StringProblem(excerpt)).toBeUndefined();
        expect(discouragedCharacter(excerpt)).toBeUndefined();
        expect(excerpt.length).toBeLessThanOrEqual(maxLength);
      }),
    );
  });

  it('keeps a text that is one and fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(utf8StringProblem(text) === undefined && discouragedCharacter(text) === undefined);
        expect(utf8Excerpt(text, text.length)).toBe(text);
      }),
    );
  });

  it('keeps the words of a text of several lines apart', () => {
    expect(utf8Excerpt('line 1\nline 2\0', 100)).toBe('line 1 line 2');
  });
});
