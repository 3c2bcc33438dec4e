import { describe, expect, it } from '@jest/globals';
import type { Outcome } from '../../brokers/check.js';
import { CHECKS } from '../../brokers/checks/checks.js';
import { DEVIATIONS, type Deviation } from '../../brokers/deviations.js';
import { BROKER_KINDS } from '../../brokers/launchers/broker-kinds.js';
import { problemOf } from '../../brokers/verdict.js';

const deviation: Deviation = {
  checks: ['will'],
  versions: [5],
  said: /no wills/,
  does: 'has no wills',
  remedy: 'none',
};

function problem(outcome: Outcome, deviations: readonly Deviation[] = [deviation], version: 4 | 5 = 5) {
  const check = { name: 'will', title: 'The will', run: () => Promise.resolve() };
  return problemOf(deviations, { check, version, outcome, tookMs: 1 });
}

describe('a result of a broker', () => {
  it('is as expected when it works, or cannot for the reason that is known', () => {
    expect(problem({ result: 'works' }, [])).toBeUndefined();
    expect(problem({ result: 'cannot', said: 'there are no wills here' })).toBeUndefined();
  });

  it('is not as expected when something works that did not', () => {
    expect(problem({ result: 'works' })).toMatch(/works, although it has no wills/);
    expect(problem({ result: 'works' }, [{ ...deviation, sometimes: true }])).toBeUndefined();
  });

  it('is not as expected when the broker cannot what it could, on this version or for this reason', () => {
    expect(problem({ result: 'cannot', said: 'no wills' }, [])).toBe('the broker cannot: no wills');
    expect(problem({ result: 'cannot', said: 'no wills' }, [deviation], 4)).toBe('the broker cannot: no wills');
    expect(problem({ result: 'cannot', said: 'not today' })).toMatch(/says something else: not today/);
  });

  it('is never as expected when the transport fails', () => {
    expect(problem({ result: 'fails', error: new Error('broken') }, [{ ...deviation, sometimes: true }])).toMatch(
      /^fails: Error: broken/,
    );
  });
});

describe('what is known of the brokers', () => {
  it('is about checks and brokers that there are', () => {
    const checks = CHECKS.map(({ name }) => name);
    expect(new Set(checks).size).toBe(checks.length);
    expect(Object.keys(DEVIATIONS).toSorted()).toEqual(BROKER_KINDS.map(({ name }) => name).toSorted());
    const named = Object.values(DEVIATIONS).flatMap((deviations) => deviations.flatMap((known) => known.checks));
    expect(named.filter((name) => !checks.includes(name))).toEqual([]);
  });
});
