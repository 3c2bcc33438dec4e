import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { mismatchOf } from '../../../../lib/inspector/views/mismatch.js';
import { TopicFilter } from '../../../../lib/protocol/topic-filter.js';
import { topicFilters, topicNames } from '../../protocol/topic-arbitraries.js';

describe('why a topic does not match a filter', () => {
  it.each([
    ['a/c', 'a/b', 1, 'Level 2 is "c", but the filter has "b".'],
    ['A/b', 'a/b', 0, 'the case differs'],
    ['a/b ', 'a/b', 1, 'leading or trailing spaces'],
    ['/a', 'a', 0, 'a leading slash'],
    ['a//b', 'a/b/c', 1, 'two slashes in a row'],
    ['a/', 'a/b', 1, 'a trailing slash'],
    ['a', 'a/b', 1, 'The topic ends after 1 level; the filter has 2 levels.'],
    ['a', 'a/b/#', 1, 'ends after 1 level'],
    ['a/b/c', 'a/+', 2, 'The topic has 3 levels; the filter ends after 2.'],
    ['$SYS/uptime', '#', 0, 'begins with $ [MQTT-4.7.2-1]'],
    ['$SYS/uptime', '+/uptime', 0, 'begins with $'],
    ['caf\u00E9', 'cafe\u0301', 0, 'another Unicode normalization form'],
  ])('%j, %j', (topic, filter, level, why) => {
    const mismatch = mismatchOf(topic, filter);
    expect(mismatch.level).toBe(level);
    expect(mismatch.why).toContain(why);
  });

  it('counts the leading levels that match', () => {
    fc.assert(
      fc.property(topicNames(), topicFilters(), (topic, text) => {
        const { filter } = TopicFilter.parse(text);
        fc.pre(!TopicFilter.parse(text).matches(topic));
        const { level, why } = mismatchOf(topic, filter);
        expect(why).not.toBe('');
        const wanted = filter.split('/').slice(0, level);
        expect(TopicFilter.parse([...wanted, '#'].join('/')).matches(topic) || level === 0).toBe(true);
      }),
    );
  });
});
