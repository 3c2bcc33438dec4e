import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { TextMemory } from '../../../../lib/wire/inbound/text-memory.js';

/** Asks for a text as a reader does. @returns whether it was remembered */
function ask(memory: TextMemory, text: string): boolean {
  const bytes = Buffer.from(`<${text}>`);
  const known = memory.recall(bytes, 1, bytes.length - 1);
  if (known === undefined) memory.remember(bytes, 1, bytes.length - 1, text);
  bytes.fill(0);
  if (known !== undefined && known !== text) throw new Error(`${text} is taken for ${known}`);
  return known !== undefined;
}

function hits(memory: TextMemory, texts: Iterable<string>): number {
  let count = 0;
  for (const text of texts) if (ask(memory, text)) count++;
  return count;
}

function* cycle(topics: number, times: number): Generator<string> {
  for (let i = 0; i < times; i++) yield `devices/${String(i % topics).padStart(5, '0')}/temperature`;
}

describe('TextMemory', () => {
  it('remembers what came, whatever its characters', () => {
    const memory = new TextMemory(16);
    for (const text of ['a/b', 'ü€😀', 'x'.repeat(64)]) {
      expect(ask(memory, text)).toBe(false);
      expect(ask(memory, text)).toBe(true);
    }
  });

  it('gives the same object', () => {
    const memory = new TextMemory(16);
    const text = ['a', 'b'].join('/');
    memory.recall(Buffer.from(text), 0, 3);
    memory.remember(Buffer.from(text), 0, 3, text);
    expect(Object.is(memory.recall(Buffer.from(text), 0, 3), text)).toBe(true);
  });

  it('never takes one text for another', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 6 }), { maxLength: 60 });
    fc.assert(
      fc.property(texts, (list) => {
        expect(() => hits(new TextMemory(16), [...list, ...list])).not.toThrow();
      }),
    );
  });

  it.each([63, 64, 65, 200])('a text of %i bytes takes no place but its own', (length) => {
    const letters = Array.from({ length: 50 }, (_, i) => String.fromCodePoint(0x41 + i));
    for (const first of letters) {
      for (const second of letters) {
        // in one of so many memories, what the long text must not write to is where one of the others is
        const memory = new TextMemory(16);
        hits(memory, [first + second, second + first, first.repeat(length)]);
        // `>` stands behind every text
        expect(() => hits(memory, [`>${second}`, `>${first}`, first + first])).not.toThrow();
      }
    }
  });

  it('does not take the beginning of a text for the whole', () => {
    const memory = new TextMemory(2);
    ask(memory, 'ab');
    expect(ask(memory, 'a')).toBe(false);
    expect(ask(memory, 'abc')).toBe(false);
  });

  it('does not remember long texts', () => {
    const memory = new TextMemory(16);
    expect(hits(memory, ['x'.repeat(65), 'x'.repeat(65), 'x'.repeat(70_000)])).toBe(0);
  });

  it('remembers nearly all of a hundred topics', () => {
    expect(hits(new TextMemory(1_024), cycle(100, 10_000))).toBeGreaterThan(9_500);
  });

  it('rests where nothing comes again, and looks again later', () => {
    const memory = new TextMemory(16);
    expect(hits(memory, cycle(16, 16))).toBe(0);
    const same = Array.from({ length: 64 * 16 }, () => 'same');
    expect(hits(memory, same)).toBe(0);
    expect(hits(memory, same)).toBe(same.length - 1);
  });

  it('does not rest for some misses among many hits', () => {
    const memory = new TextMemory(1_024);
    const odd = Array.from({ length: 3_000 }, (_, i) => ['same', 'same', `${i}`]).flat();
    expect(hits(memory, odd)).toBeGreaterThan(5_900);
  });

  it('rests soon after many hits, too', () => {
    const memory = new TextMemory(16);
    hits(memory, cycle(1, 5_000));
    hits(memory, cycle(1_000, 100));
    expect(hits(memory, ['same', 'same', 'same'])).toBe(0);
  });
});
