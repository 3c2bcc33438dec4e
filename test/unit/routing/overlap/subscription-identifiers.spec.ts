import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { assignIdentifiers } from '../../../../lib/routing/overlap/subscription-identifiers.js';
import { topicFilters } from '../../protocol/topic-arbitraries.js';
import { subscriptionsOf } from '../handlers.js';

const filterSets = fc.uniqueArray(topicFilters(3), { maxLength: 15, size: 'max' });
const maybeShared = fc
  .tuple(topicFilters(3), fc.constantFrom('', '', '$share/g/', '$share/h/'))
  .map(([filter, group]) => `${group}${filter}`);

describe('assignIdentifiers', () => {
  it('never gives one identifier to two subscriptions that overlap, and none to one that overlaps nothing', () => {
    fc.assert(
      fc.property(fc.uniqueArray(maybeShared, { maxLength: 25, size: 'max' }), (patterns) => {
        const subscriptions = subscriptionsOf(patterns);
        assignIdentifiers(subscriptions);
        const wrong = [...subscriptions].filter((one) => {
          const overlapping = [...subscriptions].filter((other) => other !== one && other.filter.overlaps(one.filter));
          if (overlapping.length === 0) return one.identifier !== undefined;
          return !(one.identifier! >= 1) || overlapping.some(({ identifier }) => identifier === one.identifier);
        });
        expect(wrong).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('lets subscriptions that do not overlap share an identifier, so that few SUBSCRIBE packets do', () => {
    const patterns = Array.from({ length: 100 }, (_, i) => [`room/${i}/#`, `room/${i}/+/x`]).flat();
    const subscriptions = subscriptionsOf(patterns);
    assignIdentifiers(subscriptions);
    expect(new Set(Array.from(subscriptions, ({ identifier }) => identifier))).toEqual(new Set([1, 2]));
  });

  it('needs no identifier for 5,000 patterns that do not overlap', () => {
    const subscriptions = subscriptionsOf(Array.from({ length: 5_000 }, (_, i) => `device/${i}/+/state`));
    assignIdentifiers(subscriptions);
    expect([...subscriptions].every(({ identifier }) => identifier === undefined)).toBe(true);
  });

  it('gives the same identifiers when it is asked again, as after a reconnect', () => {
    fc.assert(
      fc.property(filterSets, (patterns) => {
        const subscriptions = subscriptionsOf(patterns);
        assignIdentifiers(subscriptions);
        const first = Array.from(subscriptions, ({ identifier }) => identifier);
        assignIdentifiers(subscriptions);
        expect(Array.from(subscriptions, ({ identifier }) => identifier)).toEqual(first);
      }),
    );
  });
});
