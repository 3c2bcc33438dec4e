import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  formatStreamPosition,
  NestProperty,
  nestProperty,
  parseStreamPosition,
} from '../../../lib/serialization/wire-contract.js';

describe('the contract', () => {
  it('has the names that other languages know', () => {
    expect(NestProperty).toEqual({
      error: 'nest-error',
      stream: 'nest-stream',
      control: 'nest-control',
      responder: 'nest-responder',
      cancel: 'nest-cancel',
    });
  });
});

describe('nest-stream', () => {
  it.each([
    ['0', { index: 0, end: 'more' }],
    ['7', { index: 7, end: 'more' }],
    ['7;last', { index: 7, end: 'last' }],
    ['7;end', { index: 7, end: 'end' }],
    ['0;end', { index: 0, end: 'end' }],
  ] as const)('%s means %j', (text, position) => {
    expect(parseStreamPosition(text)).toEqual(position);
    expect(formatStreamPosition(position)).toBe(text);
  });

  it('reads every position that it writes', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.constantFrom('more' as const, 'last' as const, 'end' as const), (index, end) => {
        expect(parseStreamPosition(formatStreamPosition({ index, end }))).toEqual({ index, end });
      }),
    );
  });

  it('reads no text that it would not write', () => {
    const near = fc.string({
      unit: fc.constantFrom('0', '1', ';', 'last', 'end', 'more', '-', '+', ' ', '.', 'e', 'x'),
    });
    fc.assert(
      fc.property(fc.oneof(near, fc.string()), (text) => {
        const position = parseStreamPosition(text);
        expect(position === undefined ? text : formatStreamPosition(position)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    '',
    ';',
    ';end',
    'x',
    '-1',
    '-0',
    '1.5',
    '1e3',
    '0x1',
    ' 1',
    '1 ',
    '01',
    '+1',
    'Infinity',
    '9007199254740992',
    '1;more',
    '1;last;end',
    '1;LAST',
    '1; end',
  ])('is no position: %j', (text) => {
    expect(parseStreamPosition(text)).toBeUndefined();
  });
});

describe('nestProperty', () => {
  it.each([
    [undefined, undefined],
    [{}, undefined],
    [{ 'nest-error': 'rpc' }, 'rpc'],
    [{ 'nest-error': '' }, ''],
    [{ 'nest-error': ['rpc', 'internal'] }, 'rpc'],
    [{ 'NEST-ERROR': 'rpc' }, undefined],
  ])('of %j is %j', (properties, expected) => {
    expect(nestProperty(properties, NestProperty.error)).toBe(expected);
  });
});
