import { describe, expect, it } from '@jest/globals';
import { OptionChecks } from '../../../lib/options/option-checks.js';
import {
  checkUserProperties,
  checkUserPropertyTexts,
  copyUserProperties,
} from '../../../lib/options/user-properties.js';
import type { UserProperties } from '../../../lib/protocol/application-message.js';
import { problemsOf } from './problems.js';

type Check = typeof checkUserProperties;

function problems(check: Check, userProperties: unknown, discouraged?: 'refuse' | 'allow'): string[] {
  return problemsOf(() => {
    const checks = new OptionChecks(discouraged);
    check(checks, 'up', userProperties as UserProperties);
    checks.done();
  });
}

describe.each([
  ['checkUserProperties', checkUserProperties],
  ['checkUserPropertyTexts', checkUserPropertyTexts],
] as const)('%s', (_, check) => {
  it.each([undefined, {}, { a: '1', b: ['2', '3'], c: [] }, { 'ü €': '😀', '': '' }])('takes %j', (value) => {
    expect(problems(check, value, 'refuse')).toEqual([]);
  });

  it.each([null, 'a=b', ['a'], 7])('refuses %j, which is no set of them', (value) => {
    expect(problems(check, value)).toEqual(['up']);
  });

  it.each<[object, string[]]>([
    [{ a: 7 }, ['up["a"]']],
    [{ a: null }, ['up["a"]']],
    [{ a: undefined }, ['up["a"]']],
    [{ a: ['x', 1] }, ['up["a"]']],
    [{ a: { b: 'c' } }, ['up["a"]']],
    [{ a: 'x\0' }, ['up["a"]']],
    [{ 'a\ud800': 'x', b: '\udc00' }, ['up["a\ud800"]', 'up["b"]']],
    [{ a: 'x'.repeat(65_536) }, ['up["a"]']],
  ])('refuses %#, which cannot be sent', (value, expected) => {
    expect(problems(check, value)).toEqual(expected);
  });

  it.each<[object, string[]]>([
    [{ a: 'x\n' }, ['up["a"]']],
    [{ a: ['x', '\u007f'] }, ['up["a"]']],
    [{ 'a\u0001': 'x' }, ['up["a\u0001"]']],
  ])('refuses discouraged characters in %j, unless they are allowed', (value, expected) => {
    expect(problems(check, value, 'refuse')).toEqual(expected);
    expect(problems(check, value, 'allow')).toEqual([]);
  });
});

describe('names of the wire contract', () => {
  it('are refused in messages, but for those of a dead letter', () => {
    const userProperties = { 'nest-error': '1', 'nest-dead-letter-reason': 'x', nest: 'y' };
    expect(problems(checkUserProperties, userProperties)).toEqual(['up["nest-error"]']);
    expect(problems(checkUserPropertyTexts, userProperties)).toEqual([]);
  });
});

describe('copyUserProperties', () => {
  it('shares nothing with what was given, and cannot be changed', () => {
    const given = { a: '1', b: ['2'] };
    const copy = copyUserProperties(given)!;
    given.a = 'x';
    given.b.push('y');
    expect(copy).toEqual({ a: '1', b: ['2'] });
    expect(Object.isFrozen(copy)).toBe(true);
    expect(Object.isFrozen(copy['b'])).toBe(true);
    expect(copyUserProperties(undefined)).toBeUndefined();
  });
});
