import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { TopicFilter } from '../../../lib/protocol/topic-filter.js';
import { compareSpecificity } from '../../../lib/routing/specificity.js';
import { topicFilters } from '../protocol/topic-arbitraries.js';

function compare(a: string, b: string): number {
  return Math.sign(compareSpecificity(TopicFilter.parse(a), TopicFilter.parse(b)));
}

describe('compareSpecificity', () => {
  it.each([
    ['a/b', 'a/+'],
    ['a/b', 'a/#'],
    ['a/+', 'a/#'],
    ['a', 'a/#'],
    ['a/b/#', 'a/+/c'],
    ['a/+/c', '+/b/c'],
    ['a/b/c', 'a/b/#'],
    ['+', '#'],
    ['a/#', '+/b'],
    ['a/+', '$share/g/a/#'],
  ])('%s goes before %s', (narrow, wide) => {
    expect(compare(narrow, wide)).toBe(-1);
    expect(compare(wide, narrow)).toBe(1);
  });

  it('puts a filter that another one covers before that one', () => {
    fc.assert(
      fc.property(topicFilters(), topicFilters(), (a, b) => {
        fc.pre(a !== b && TopicFilter.parse(a).covers(TopicFilter.parse(b)));
        expect(compare(b, a)).toBe(-1);
      }),
    );
  });

  it('is an order: the other way round it is the other way round, and it is transitive', () => {
    fc.assert(
      fc.property(topicFilters(), topicFilters(), topicFilters(), (a, b, c) => {
        expect(compare(a, b) + compare(b, a)).toBe(0);
        const [first, second, third] = [a, b, c].toSorted(compare);
        expect(compare(first!, second!)).toBeLessThanOrEqual(0);
        expect(compare(first!, third!)).toBeLessThanOrEqual(0);
      }),
    );
  });
});
