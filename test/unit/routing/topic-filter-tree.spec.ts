import { describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import { TopicFilter } from '../../../lib/protocol/topic-filter.js';
import { TopicFilterTree } from '../../../lib/routing/topic-filter-tree.js';
import { naiveMatcher, topicFilters, topicNames } from '../protocol/topic-arbitraries.js';

function treeOf(patterns: readonly string[]): TopicFilterTree<number> {
  const tree = new TopicFilterTree<number>();
  for (const [i, pattern] of patterns.entries()) tree.add(TopicFilter.parse(pattern), i);
  return tree;
}

function ascending(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

function indexesOf<T>(values: readonly T[], accept: (value: T) => boolean): number[] {
  return values.flatMap((value, i) => (accept(value) ? [i] : []));
}

describe('TopicFilterTree', () => {
  it('finds for a topic what a scan of all filters finds, each value once for each time it was added', () => {
    fc.assert(
      fc.property(fc.array(topicFilters(), { maxLength: 40, size: 'max' }), topicNames(), (patterns, topic) => {
        const found = treeOf(patterns).match(topic);
        expect(ascending(found)).toEqual(indexesOf(patterns, (pattern) => naiveMatcher(pattern)(topic)));
      }),
      { numRuns: 1_000 },
    );
  });

  it('finds for a filter the filters that overlap it, each value once', () => {
    fc.assert(
      fc.property(fc.array(topicFilters(), { maxLength: 40, size: 'max' }), topicFilters(), (patterns, text) => {
        const filter = TopicFilter.parse(text);
        const found = treeOf(patterns).overlapping(filter);
        expect(ascending(found)).toEqual(indexesOf(patterns, (pattern) => TopicFilter.parse(pattern).overlaps(filter)));
      }),
      { numRuns: 1_000 },
    );
  });

  it('agrees with the matcher of single filters, on filters of many levels that begin and end alike', () => {
    fc.assert(
      fc.property(fc.array(topicFilters(6), { maxLength: 60, size: 'max' }), topicNames(6), (patterns, topic) => {
        const found = treeOf(patterns).match(topic);
        expect(ascending(found)).toEqual(indexesOf(patterns, (pattern) => TopicFilter.parse(pattern).matches(topic)));
      }),
      { numRuns: 5_000 },
    );
  });

  it('finds the same, in whatever order the filters were added', () => {
    const shuffled = fc
      .array(topicFilters(), { maxLength: 20, size: 'max' })
      .chain((patterns) =>
        fc.tuple(fc.constant(patterns), fc.shuffledSubarray(patterns, { minLength: patterns.length })),
      );
    fc.assert(
      fc.property(shuffled, topicNames(), ([patterns, others], topic) => {
        const found = treeOf(patterns)
          .match(topic)
          .map((i) => patterns[i]);
        const again = treeOf(others)
          .match(topic)
          .map((i) => others[i]);
        expect(new Set(again)).toEqual(new Set(found));
        expect(again).toHaveLength(found.length);
      }),
      { numRuns: 1_000 },
    );
  });

  it('treats a Shared Subscription like the filter in it', () => {
    const tree = treeOf(['$share/g/a/+', '$share/g/#', '$share/g/$SYS/#']);
    expect(ascending(tree.match('a/b'))).toEqual([0, 1]);
    expect(tree.match('$SYS/load')).toEqual([2]);
    expect(tree.match('$share/g/a')).toEqual([]);
  });

  it('is not taken in by names that objects have', () => {
    const tree = treeOf(['__proto__/a', 'constructor', 'a/toString']);
    expect(tree.match('__proto__/a')).toEqual([0]);
    expect(tree.match('constructor')).toEqual([1]);
    expect(tree.match('hasOwnProperty')).toEqual([]);
    expect(tree.match('a/toString')).toEqual([2]);
  });
});

/** Counts every look into a Map, which is what walking the tree consists of. */
function lookUpsDuring(action: () => void): number {
  const get = jest.spyOn(Map.prototype, 'get');
  try {
    action();
    return get.mock.calls.length;
  } finally {
    get.mockRestore();
  }
}

/** Exact patterns, patterns with a wildcard in each place, and some that match everything. */
function fleet(size: number): string[] {
  const shapes = [
    (i: number) => `site/${i}/temperature`,
    (i: number) => `site/${i}/+`,
    (i: number) => `site/${i}/#`,
    (i: number) => `+/${i}/humidity`,
    (i: number) => `device-${i}/#`,
  ];
  return Array.from({ length: size }, (_, i) => shapes[i % shapes.length]!(Math.floor(i / shapes.length)));
}

describe('the cost of a message', () => {
  const topics = ['site/1/temperature', 'other/1/humidity', 'device-1/a/b/c', 'nobody/listens/here', 'site/7777777/x'];

  it.each([10_000, 50_000])('is with %i patterns the same as with 10', (size) => {
    const few = treeOf(fleet(10));
    const many = treeOf(fleet(size));
    for (const topic of topics) {
      const expected = lookUpsDuring(() => few.match(topic));
      expect(expected).toBeGreaterThan(0);
      expect(lookUpsDuring(() => many.match(topic))).toBe(expected);
      expect(ascending(many.match(topic))).toEqual(ascending(few.match(topic)));
    }
  });

  it('is bounded by the levels of the topic, whatever the patterns are', () => {
    fc.assert(
      fc.property(fc.array(topicFilters(5), { maxLength: 200, size: 'max' }), topicNames(5), (patterns, topic) => {
        const tree = treeOf(patterns);
        const levels = topic.split('/').length;
        // at each level there are two ways on: the name itself, and +
        expect(lookUpsDuring(() => tree.match(topic))).toBeLessThanOrEqual(2 ** levels);
      }),
    );
  });
});
