import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Durations } from '../../../../lib/inspector/records/durations.js';
import { Rate } from '../../../../lib/inspector/records/rate.js';
import { Ring } from '../../../../lib/inspector/records/ring.js';

describe('a rate', () => {
  it('is the mean of the latest ten seconds, or of fewer at the start', () => {
    const rate = new Rate();
    expect(rate.perSecond).toBeUndefined();
    const pass = (from: number, to: number): void => {
      for (let second = from; second <= to; second++) {
        for (let i = 0; i < second; i++) rate.count();
        rate.tick();
      }
    };
    pass(1, 2);
    expect(rate.perSecond).toBe(1.5);
    pass(3, 12);
    expect(rate.perSecond).toBe((3 + 12) / 2);
    rate.clear();
    expect(rate.perSecond).toBeUndefined();
  });
});

describe('durations', () => {
  it('give quantiles of the latest 512', () => {
    const durations = new Durations();
    expect(durations.quantiles()).toBeUndefined();
    durations.add(5);
    expect(durations.quantiles()).toEqual({ p50: 5, p99: 5 });
    for (let i = 0; i < 512; i++) durations.add(1_000 - i);
    expect(durations.quantiles()).toEqual({ p50: 745, p99: 995 });
  });
});

describe('a ring', () => {
  it('keeps the latest entries, newest first', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 9 }), (entries, size) => {
        const ring = new Ring<number>(size);
        for (const entry of entries) ring.push(entry);
        expect(ring.latest()).toEqual(entries.slice(-size).toReversed());
      }),
    );
  });
});
