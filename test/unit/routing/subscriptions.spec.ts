import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { InvalidOptionsError } from '../../../lib/errors/invalid-options.error.js';
import { Subscriptions } from '../../../lib/routing/subscriptions.js';
import { topicFilters } from '../protocol/topic-arbitraries.js';
import { handlerOf, subscriptionsOf } from './handlers.js';

const maybeShared = fc
  .tuple(topicFilters(3), fc.constantFrom('', '', '$share/g/', '$share/h/'))
  .map(([filter, group]) => `${group}${filter}`);

describe('Subscriptions', () => {
  it('makes one subscription for each filter, with the highest QoS that its handlers ask for', () => {
    const subscriptions = [
      ...new Subscriptions([
        handlerOf('a', { qos: 0 }),
        handlerOf('a', { qos: 2 }),
        handlerOf('a', { qos: 1 }),
        handlerOf('$share/g/a', { qos: 0, rap: true }),
      ]),
    ];
    expect(subscriptions.map(({ text }) => text)).toEqual(['a', '$share/g/a']);
    expect(subscriptions[0]).toMatchObject({ qos: 2, nl: false, rap: false, rh: 0, identifier: undefined });
    expect(subscriptions[0]!.handlers.map(({ options }) => options.qos)).toEqual([0, 2, 1]);
    expect(subscriptions[1]).toMatchObject({ qos: 0, rap: true });
  });

  it.each([{ nl: true }, { rap: true }, { rh: 2 as const }])('refuses handlers that disagree: %j', (options) => {
    const collect = () => new Subscriptions([handlerOf('a/b'), handlerOf('a/b', options)]);
    expect(collect).toThrow(InvalidOptionsError);
    expect(collect).toThrow(/nl, rap, rh of "a\/b".*Give all handlers of this filter the same values/);
  });

  it('finds the others that overlap one, whether their groups are the same or not', () => {
    fc.assert(
      fc.property(fc.uniqueArray(maybeShared, { maxLength: 25, size: 'max' }), (patterns) => {
        const subscriptions = subscriptionsOf(patterns);
        const all = [...subscriptions];
        for (const one of all) {
          const expected = all.filter((other) => other !== one && other.filter.overlaps(one.filter));
          expect(new Set(subscriptions.overlapping(one))).toEqual(new Set(expected));
        }
      }),
      { numRuns: 300 },
    );
  });
});
