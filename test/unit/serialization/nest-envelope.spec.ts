import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { nestReplyTopic, readNestEnvelope } from '../../../lib/serialization/nest-envelope.js';

/** As Nest normalises patterns: keys in order. */
const normalize = (pattern: object): string => JSON.stringify(pattern, Object.keys(pattern).toSorted());

function read(value: unknown, topic: string): unknown {
  return readNestEnvelope(value, topic, normalize);
}

describe('readNestEnvelope', () => {
  it.each<[string, unknown, string, object]>([
    ['a request', { pattern: 'sum', data: [1], id: 'x7' }, 'sum', { data: [1], id: 'x7' }],
    ['an event', { pattern: 'sum', data: [1] }, 'sum', { data: [1], id: undefined }],
    ['an object pattern', { pattern: { cmd: 'sum' }, data: 1, id: 'x' }, '{"cmd":"sum"}', { data: 1, id: 'x' }],
    ['a numeric pattern', { pattern: 7, data: 1 }, '7', { data: 1, id: undefined }],
    ['no data', { pattern: 'sum', id: 'x' }, 'sum', { data: undefined, id: 'x' }],
    ['data that is falsy', { pattern: 'sum', data: 0, id: '' }, 'sum', { data: 0, id: '' }],
    ['more than there has to be', { pattern: 'sum', data: 1, id: 'x', extra: 1 }, 'sum', { data: 1, id: 'x' }],
    [
      'an id that is no string, and so no request',
      { pattern: 'sum', data: 1, id: 7 },
      'sum',
      { data: 1, id: undefined },
    ],
  ])('takes %s', (_, value, topic, expected) => {
    expect(read(value, topic)).toEqual(expected);
  });

  it.each<[string, unknown]>([
    ["a device's { id, data }", { id: '7', data: 21 }],
    ['the pattern of another topic', { pattern: 'other', data: 1, id: 'x' }],
    ['an object pattern of another topic', { pattern: { cmd: 'other' }, data: 1 }],
    ['a pattern that is null', { pattern: null, data: 1 }],
    ['a pattern that is undefined', { pattern: undefined, data: 1 }],
    ['an array', [{ pattern: 'sum' }]],
    ['a string', 'sum'],
    ['a number', 7],
    ['null', null],
    ['bytes', Buffer.from('sum')],
    ['nothing', undefined],
  ])('takes %s for a plain payload', (_, value) => {
    expect(read(value, 'sum')).toBeUndefined();
  });

  it('takes any JSON for a plain payload whose pattern is not the topic', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(read(value, 'a topic that no generated pattern is')).toBeUndefined();
      }),
    );
  });

  it('is not brought down by a pattern that cannot be normalised, such as one that is nested too deeply', () => {
    const deep = `{"pattern":${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)},"data":1}`;
    const recursive = (pattern: object): string =>
      Object.values(pattern)
        .map((value) => (typeof value === 'object' ? recursive(value as object) : String(value)))
        .join('');
    expect(readNestEnvelope(JSON.parse(deep), 'sum', recursive)).toBeUndefined();
  });
});

describe('nestReplyTopic', () => {
  it('is where the built-in transport listens', () => {
    expect(nestReplyTopic('{"cmd":"sum"}')).toBe('{"cmd":"sum"}/reply');
  });
});
