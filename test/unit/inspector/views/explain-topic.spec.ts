import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { InspectedHandler } from '../../../../lib/inspector/inspected-application.js';
import { explainTopic } from '../../../../lib/inspector/views/explain-topic.js';
import { topicFilters, topicNames } from '../../protocol/topic-arbitraries.js';
import { inspected } from '../handlers.js';

function answers(topic: string, handlers: readonly InspectedHandler[]): [string, boolean, string][] {
  const { shown } = explainTopic(topic, handlers).explanations;
  return shown.map(({ subscription, reaches, why }) => [subscription, reaches, why]);
}

describe('why a topic reaches a handler, or not', () => {
  it('reaches every event handler whose filter matches, the most specific first', () => {
    expect(answers('a/b', [inspected('#'), inspected('a/+'), inspected('a/b'), inspected('a/c')])).toEqual([
      ['a/b', true, 'The filter equals the topic.'],
      ['a/+', true, 'The filter matches with wildcards.'],
      ['#', true, 'The filter matches with wildcards.'],
      ['a/c', false, 'Level 2 is "b", but the filter has "c".'],
    ]);
  });

  it('reaches one handler of requests: the most specific one of its server', () => {
    const request = { kind: 'request' } as const;
    const elsewhere = { ...request, server: {} as InspectedHandler['server'], broker: 'plant' };
    const given = [inspected('a/+', request), inspected('a/b', request), inspected('a/#', elsewhere)];
    expect(answers('a/b', given)).toEqual([
      ['a/b', true, expect.anything()],
      ['a/+', false, 'It matches, but "a/b" is more specific, and only one handler answers a request.'],
      ['a/#', true, expect.anything()],
    ]);
  });

  it('reaches a method once, even if several of its patterns match', () => {
    const method = {};
    expect(answers('a/b', [inspected('a/+', { method }), inspected('a/b', { method })])).toEqual([
      ['a/b', true, expect.anything()],
      ['a/+', false, 'It matches, but so does "a/b" of the same method, which runs once per message.'],
    ]);
  });

  it('explains groups and No Local', () => {
    const [[, , group]] = answers('a', [inspected('$share/workers/a')]) as [[string, boolean, string]];
    expect(group).toContain('one member of the group "workers", which may be another process');
    const [[, , local]] = answers('a', [inspected('a', { options: { nl: true } })]) as [[string, boolean, string]];
    expect(local).toContain('No Local');
  });

  it('does not reach a handler with an obstacle', () => {
    const { reached, explanations } = explainTopic('a', [inspected('a'), inspected('b')], () => 'the server is down');
    expect(reached).toBe(0);
    expect(explanations.shown.map(({ why }) => why)).toEqual([
      'It matches, but the server is down.',
      'Level 1 is "a", but the filter has "b".',
    ]);
  });

  it('lists the closest handlers first, and at most 50', () => {
    const many = Array.from({ length: 80 }, (_, i) => inspected(`x/${i}`));
    const { shown, all } = explainTopic('a/b/c', [...many, inspected('a/b/d')]).explanations;
    expect(shown[0]!.subscription).toBe('a/b/d');
    expect([shown.length, all]).toEqual([50, 81]);
  });

  it.each(['', 'a/+', '#', 'a\u0000'])('reports an invalid topic: %j', (topic) => {
    expect(explainTopic(topic, [inspected('a')])).toMatchObject({
      problem: expect.stringContaining('Invalid Topic Name'),
      reached: 0,
    });
  });

  it('agrees with the filters about every topic', () => {
    fc.assert(
      fc.property(topicNames(), fc.array(topicFilters(), { maxLength: 8 }), (topic, filters) => {
        const handlers = filters.map((filter) => inspected(filter));
        const { reached, explanations } = explainTopic(topic, handlers);
        expect(explanations.all).toBe(handlers.length);
        expect(reached).toBe(handlers.filter(({ topics }) => topics.matches(topic)).length);
      }),
    );
  });
});
