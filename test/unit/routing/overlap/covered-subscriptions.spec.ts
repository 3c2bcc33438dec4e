import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { FeatureNotSupportedError } from '../../../../lib/errors/feature-not-supported.error.js';
import { withoutCovered } from '../../../../lib/routing/overlap/covered-subscriptions.js';
import type { Subscription } from '../../../../lib/routing/subscription.js';
import { Subscriptions } from '../../../../lib/routing/subscriptions.js';
import { allTopicNames, naiveMatcher, topicFilters } from '../../protocol/topic-arbitraries.js';
import { handlerOf, subscriptionsOf } from '../handlers.js';

const filterSets = fc.uniqueArray(topicFilters(3), { maxLength: 15, size: 'max' });

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
    const all = new Subscriptions([
      handlerOf('a/#', { qos: 0 }),
      handlerOf('a/+', { qos: 1 }),
      handlerOf('a/b', { qos: 2 }),
      handlerOf('c', { qos: 1 }),
    ]);
    const { asked } = withoutCovered(all);
    expect(asked.map(({ text, qos }) => [text, qos])).toEqual([
      ['a/#', 2],
      ['c', 1],
    ]);
    expect(Array.from(all, ({ qos }) => qos)).toEqual([0, 1, 2, 1]); // what it was given is not changed
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
