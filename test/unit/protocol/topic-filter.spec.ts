import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { TopicFilter } from '../../../lib/protocol/topic-filter.js';
import { allTopicNames, naiveMatcher, topicFilters, topicNames } from './topic-arbitraries.js';

const LEVELS = 3;
/** One level more than a filter has: what # alone reaches. */
const topics = allTopicNames(LEVELS + 1);
const filters = topicFilters(LEVELS);

describe('TopicFilter', () => {
  it('matches what section 4.7 says, and nothing else', () => {
    fc.assert(
      fc.property(topicFilters(), topicNames(), (filter, topic) => {
        expect(TopicFilter.parse(filter).matches(topic)).toBe(naiveMatcher(filter)(topic));
      }),
      { numRuns: 2_000 },
    );
  });

  it('overlaps another filter if and only if some topic matches both', () => {
    fc.assert(
      fc.property(filters, filters, (a, b) => {
        const [inA, inB] = [naiveMatcher(a), naiveMatcher(b)];
        const expected = topics.some((topic) => inA(topic) && inB(topic));
        expect(TopicFilter.parse(a).overlaps(TopicFilter.parse(b))).toBe(expected);
        expect(TopicFilter.parse(b).overlaps(TopicFilter.parse(a))).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('covers another filter only if it matches every topic that the other matches', () => {
    fc.assert(
      fc.property(filters, filters, (a, b) => {
        const [inA, inB] = [naiveMatcher(a), naiveMatcher(b)];
        fc.pre(TopicFilter.parse(a).covers(TopicFilter.parse(b)));
        expect(topics.filter((topic) => inB(topic) && !inA(topic))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('covers every filter that it reaches beyond, except that +/# does not claim #, its equal', () => {
    fc.assert(
      fc.property(filters, filters, (a, b) => {
        fc.pre(!(a === '+/#' && b === '#')); // of two equals one has to be the broader, or neither would be asked for
        const [inA, inB] = [naiveMatcher(a), naiveMatcher(b)];
        const expected = topics.every((topic) => inA(topic) || !inB(topic));
        expect(TopicFilter.parse(a).covers(TopicFilter.parse(b))).toBe(expected);
      }),
      { numRuns: 500 },
    );
    expect(TopicFilter.parse('#').covers(TopicFilter.parse('+/#'))).toBe(true);
    expect(TopicFilter.parse('+/#').covers(TopicFilter.parse('#'))).toBe(false);
  });

  it('never has two different filters cover each other, so that one of them is always asked for', () => {
    fc.assert(
      fc.property(filters, filters, (a, b) => {
        fc.pre(a !== b);
        const [first, second] = [TopicFilter.parse(a), TopicFilter.parse(b)];
        expect(first.covers(second) && second.covers(first)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it('looks at the filter of a Shared Subscription and not at its group', () => {
    fc.assert(
      fc.property(topicFilters(), topicNames(), (filter, topic) => {
        const shared = TopicFilter.parse(`$share/workers/${filter}`);
        expect(shared).toMatchObject({ text: `$share/workers/${filter}`, group: 'workers', filter });
        expect(shared.matches(topic)).toBe(TopicFilter.parse(filter).matches(topic));
        expect(shared.covers(TopicFilter.parse(filter))).toBe(true);
      }),
    );
  });

  it('moves into a group and out of one', () => {
    const plain = TopicFilter.parse('a/+');
    const shared = plain.inGroup('g');
    expect(shared.text).toBe('$share/g/a/+');
    expect(shared.inGroup(undefined).text).toBe('a/+');
    expect(shared.inGroup('h').text).toBe('$share/h/a/+');
    expect(plain.inGroup(undefined)).toBe(plain);
    expect(shared.inGroup('g')).toBe(shared);
  });

  it.each([
    ['a/b', false],
    ['$share/g/a', false],
    ['a/+/b', true],
    ['#', true],
    ['a/#', true],
    ['$share/g/+', true],
  ])('knows whether %s has a wildcard', (filter, expected) => {
    expect(TopicFilter.parse(filter).hasWildcard).toBe(expected);
  });
});
