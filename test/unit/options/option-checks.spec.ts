import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../../../lib/errors/invalid-options.error.js';
import { assertDuration, OptionChecks } from '../../../lib/options/option-checks.js';
import { problemsOf } from './problems.js';

function reported(check: (checks: OptionChecks) => void, discouraged?: 'refuse' | 'allow'): string[] {
  return problemsOf(() => {
    const checks = new OptionChecks(discouraged);
    check(checks);
    checks.done();
  });
}

describe('OptionChecks.duration', () => {
  it.each([undefined, 1, 30_000, 2 ** 31, Number.MAX_SAFE_INTEGER])('takes %p', (value) => {
    expect(reported((checks) => checks.duration('it', value, { min: 1 }))).toEqual([]);
  });

  it.each([0, -1, 0.5, NaN, Infinity, -Infinity, 2 ** 53, '50', null, 5n, true, {}])('refuses %p', (value) => {
    expect(reported((checks) => checks.duration('it', value, { min: 1 }))).toEqual(['it']);
  });

  it('takes Infinity where that is said', () => {
    expect(reported((checks) => checks.duration('it', Infinity, { min: 1, infinite: true }))).toEqual([]);
    expect(reported((checks) => checks.duration('it', -Infinity, { min: 1, infinite: true }))).toEqual(['it']);
  });

  it('says what it takes: unit and bounds', () => {
    expect(() => assertDuration('it', 6, { min: 1, max: 5 })).toThrow(
      'it: 6 is not a valid duration. Give whole milliseconds from 1 to 5.',
    );
    expect(() => assertDuration('it', NaN, { min: 1, infinite: true })).toThrow(
      'it: NaN is not a valid duration. Give whole milliseconds from 1, or Infinity.',
    );
    expect(() => assertDuration('it', 5, { min: 1, max: 5 })).not.toThrow();
  });
});

describe('OptionChecks.abortSignal', () => {
  it.each([undefined, new AbortController().signal, AbortSignal.abort(), AbortSignal.timeout(1)])(
    'takes %p',
    (value) => {
      expect(reported((checks) => checks.abortSignal('it', value))).toEqual([]);
    },
  );

  it.each([
    null,
    {},
    { aborted: false, addEventListener: checkSent },
    { aborted: false, removeEventListener: checkSent },
    new AbortController(),
    'signal',
    5,
    true,
  ])('refuses %p', (value) => {
    expect(reported((checks) => checks.abortSignal('it', value))).toEqual(['it']);
  });
});

function emptyProblem(text: string): string | undefined {
  return text === '' ? 'it is empty' : undefined;
}

function checkSent(value: unknown): (checks: OptionChecks) => void {
  return (checks) => checks.sent('it', value, emptyProblem, 'Fill it');
}

describe('OptionChecks.sent', () => {
  it('refuses a discouraged character, and says which, why, and which option allows it', () => {
    const checks = new OptionChecks('refuse');
    checkSent('a\u0002')(checks);
    const refuse = (): void => checks.done();
    expect(refuse).toThrow(InvalidOptionsError);
    expect(refuse).toThrow(/it: it contains the control character U\+0002, for which .*Mosquitto.*section 1\.5\.4/);
    expect(refuse).toThrow(/discouragedCharacters: 'allow'/);
  });

  it.each(['a\n', '\u0085', '\ufdd0', '\u{1ffff}'])('takes %j only where that is allowed', (value) => {
    expect(reported(checkSent(value), 'refuse')).toEqual(['it']);
    expect(reported(checkSent(value), 'allow')).toEqual([]);
    expect(reported(checkSent(value))).toEqual([]);
  });

  it('reports one problem of a text', () => {
    expect(reported(checkSent(''), 'refuse')).toEqual(['it']);
    expect(reported(checkSent(7), 'refuse')).toEqual(['it']);
    expect(reported(checkSent(undefined), 'refuse')).toEqual([]);
    expect(reported(checkSent('ü'), 'refuse')).toEqual([]);
  });
});
