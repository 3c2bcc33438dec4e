import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { TopicFilter } from '../../../../lib/protocol/topic-filter.js';
import { TopicFilterTree } from '../../../../lib/routing/topic-filter-tree.js';
import { ResponseTopics } from '../../../../lib/server/replying/response-topics.js';
import { naiveMatcher, topicFilters, topicNames } from '../../protocol/topic-arbitraries.js';

function topics(own: string, allowed?: readonly string[]): ResponseTopics {
  const tree = allowed && new TopicFilterTree<unknown>();
  for (const filter of allowed ?? []) tree!.add(TopicFilter.parse(filter), filter);
  return new ResponseTopics(TopicFilter.parse(own), tree);
}

describe('ResponseTopics', () => {
  it.each<[string, RegExp | undefined]>([
    ['reply/me', undefined],
    ['/', undefined],
    ['sum/reply', undefined],
    ['', /empty/],
    ['reply/#', /wildcards/],
    ['reply/+', /wildcards/],
    ['a\0', /null character/],
    ['$SYS/x', /begins with \$/],
    ['$share/g/x', /begins with \$/],
    ['sum', /handler's own filter/],
  ])('of a handler of "sum": %j', (topic, problem) => {
    expect(topics('sum').problem(topic) ?? '').toMatch(problem ?? /^$/);
  });

  it('allows what one of the filters matches, and nothing else', () => {
    const restricted = topics('sum', ['reply/+/x', 'answers/#']);
    expect(['reply/a/x', 'answers', 'answers/a/b'].map((topic) => restricted.problem(topic))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(restricted.problem('reply/a/y')).toMatch(/none of allowedResponseTopics/);
    expect(topics('sum', []).problem('reply/a')).toMatch(/none of allowedResponseTopics/);
  });

  it('gives the same answer every time, for any topic', () => {
    fc.assert(
      fc.property(topicFilters(), fc.option(fc.array(topicFilters())), topicNames(), (own, allowed, topic) => {
        const subject = topics(own, allowed ?? undefined);
        const forbidden =
          topic.startsWith('$') ||
          naiveMatcher(own)(topic) ||
          (allowed !== null && !allowed.some((filter) => naiveMatcher(filter)(topic)));
        expect([subject.problem(topic) !== undefined, subject.problem(topic) !== undefined]).toEqual([
          forbidden,
          forbidden,
        ]);
      }),
    );
  });

  it('does not fill the memory with topics that callers make up', () => {
    const subject = topics('sum');
    for (let i = 0; i < 5_000; i++) subject.problem(`reply/${i}`);
    const remembered = Object.values(subject).find((value) => value instanceof Map) as Map<string, unknown>;
    expect(remembered.size).toBeLessThanOrEqual(1_000);
  });
});
