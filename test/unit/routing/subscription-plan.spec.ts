import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { FeatureNotSupportedError } from '../../../lib/errors/feature-not-supported.error.js';
import { InvalidOptionsError } from '../../../lib/errors/invalid-options.error.js';
import {
  assignIdentifiers,
  collectSubscriptions,
  withoutCovered,
  type Subscription,
} from '../../../lib/routing/subscription-plan.js';
import { allTopicNames, naiveMatcher, topicFilters } from '../protocol/topic-arbitraries.js';
import { handlerOf, subscriptionsOf } from './handlers.js';

const filterSets = fc.uniqueArray(topicFilters(3), { maxLength: 15, size: 'max' });
const maybeShared = fc
  .tuple(topicFilters(3), fc.constantFrom('', '', '$share/g/', '$share/h/'))
  .map(([filter, group]) => `${group}${filter}`);

describe('collectSubscriptions', () => {
  it('makes one subscription for each filter, with the highest QoS that its handlers ask for', () => {
    const subscriptions = collectSubscriptions([
      handlerOf('a', { qos: 0 }),
      handlerOf('a', { qos: 2 }),
      handlerOf('a', { qos: 1 }),
      handlerOf('$share/g/a', { qos: 0, rap: true }),
    ]);
    expect([...subscriptions.keys()]).toEqual(['a', '$share/g/a']);
    expect(subscriptions.get('a')).toMatchObject({ qos: 2, nl: false, rap: false, rh: 0, identifier: undefined });
    expect(subscriptions.get('$share/g/a')).toMatchObject({ qos: 0, rap: true });
  });

  it.each([{ nl: true }, { rap: true }, { rh: 2 as const }])('refuses handlers that disagree: %j', (options) => {
    const collect = () => collectSubscriptions([handlerOf('a/b'), handlerOf('a/b', options)]);
    expect(collect).toThrow(InvalidOptionsError);
    expect(collect).toThrow(/nl, rap, rh of "a\/b".*Give all handlers of this filter the same values/);
  });
});

describe('assignIdentifiers', () => {
  it('never gives one identifier to two subscriptions that overlap, and none to one that overlaps nothing', () => {
    fc.assert(
      fc.property(fc.uniqueArray(maybeShared, { maxLength: 25, size: 'max' }), (patterns) => {
        const subscriptions = subscriptionsOf(patterns);
        assignIdentifiers(subscriptions);
        const wrong = subscriptions.filter((one) => {
          const overlapping = subscriptions.filter((other) => other !== one && other.filter.overlaps(one.filter));
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
    expect(new Set(subscriptions.map(({ identifier }) => identifier))).toEqual(new Set([1, 2]));
  });

  it('needs no identifier for 5,000 patterns that do not overlap', () => {
    const subscriptions = subscriptionsOf(Array.from({ length: 5_000 }, (_, i) => `device/${i}/+/state`));
    assignIdentifiers(subscriptions);
    expect(subscriptions.every(({ identifier }) => identifier === undefined)).toBe(true);
  });

  it('gives the same identifiers when it is asked again, as after a reconnect', () => {
    fc.assert(
      fc.property(filterSets, (patterns) => {
        const subscriptions = subscriptionsOf(patterns);
        assignIdentifiers(subscriptions);
        const first = subscriptions.map(({ identifier }) => identifier);
        assignIdentifiers(subscriptions);
        expect(subscriptions.map(({ identifier }) => identifier)).toEqual(first);
      }),
    );
  });
});

const topics = allTopicNames(4);

describe('withoutCovered', () => {
  it('leaves one copy of every message that any filter matches; where there may be more it says so', () => {
    fc.assert(
      fc.property(filterSets, (patterns) => {
        const all = subscriptionsOf(patterns);
        const { asked, ambiguous } = withoutCovered(all);
        const askedMatchers = asked.map((subscription) => ({ subscription, matches: naiveMatcher(subscription.text) }));
        const allMatchers = patterns.map(naiveMatcher);
        const reported = new Set(ambiguous.flatMap(([a, b]) => [`${a.text} ${b.text}`, `${b.text} ${a.text}`]));
        const wrong = topics.filter((topic) => {
          const copies = askedMatchers.filter(({ matches }) => matches(topic)).map(({ subscription }) => subscription);
          const lost = copies.length === 0 && allMatchers.some((matches) => matches(topic));
          const unreported = copies.some((one) =>
            copies.some((other) => one !== other && !reported.has(`${one.text} ${other.text}`)),
          );
          return lost || unreported;
        });
        expect(wrong).toEqual([]);
      }),
    );
  });

  it('reports as ambiguous what is asked for and overlaps, each pair once, and nothing else', () => {
    fc.assert(
      fc.property(filterSets, (patterns) => {
        const { asked, ambiguous } = withoutCovered(subscriptionsOf(patterns));
        const expected = asked.flatMap((one, i) =>
          asked.slice(i + 1).flatMap((other) => (one.filter.overlaps(other.filter) ? [pairOf(one, other)] : [])),
        );
        expect(ambiguous.map(([a, b]) => pairOf(a, b)).toSorted()).toEqual(expected.toSorted());
      }),
      { numRuns: 200 },
    );
  });

  it('asks with the highest QoS of the filters that it stands for', () => {
    const all = [
      ...collectSubscriptions([
        handlerOf('a/#', { qos: 0 }),
        handlerOf('a/+', { qos: 1 }),
        handlerOf('a/b', { qos: 2 }),
        handlerOf('c', { qos: 1 }),
      ]).values(),
    ];
    const { asked } = withoutCovered(all);
    expect(asked.map(({ text, qos }) => [text, qos])).toEqual([
      ['a/#', 2],
      ['c', 1],
    ]);
    expect(all.map(({ qos }) => qos)).toEqual([0, 1, 2, 1]); // what it was given is not changed
  });

  it.each([[['$share/g/a/+', 'a/b']], [['a/b', '$share/g/a/b']], [['$share/g/a/b', '$share/h/a/b']]])(
    'refuses a Shared Subscription that overlaps another subscription: %j',
    (patterns) => {
      expect(() => withoutCovered(subscriptionsOf(patterns))).toThrow(FeatureNotSupportedError);
    },
  );

  it('takes Shared Subscriptions that overlap nothing', () => {
    const { asked, ambiguous } = withoutCovered(subscriptionsOf(['$share/g/a', '$share/g/b', 'c/#']));
    expect(asked.map(({ text }) => text)).toEqual(['$share/g/a', '$share/g/b', 'c/#']);
    expect(ambiguous).toEqual([]);
  });
});

function pairOf(a: Subscription, b: Subscription): string {
  return [a.text, b.text].toSorted().join(' and ');
}
