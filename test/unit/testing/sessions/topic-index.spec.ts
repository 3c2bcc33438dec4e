import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { TopicFilter } from '../../../../lib/protocol/topic-filter.js';
import { TopicIndex } from '../../../../lib/testing/sessions/topic-index.js';

const level = fc.constantFrom('a', 'b', '', '$x');
const topic = fc
  .array(level, { minLength: 1, maxLength: 4 })
  .map((levels) => levels.join('/'))
  .filter(Boolean);
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, open]) => [...levels, ...(open ? ['#'] : [])].join('/'))
  .filter(Boolean);
const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), filter, topic }),
  fc.record({ do: fc.constant('delete' as const), which: fc.nat(), topic }),
  fc.record({ do: fc.constant('match' as const), topic }),
);

describe('TopicIndex', () => {
  it('finds what a scan of everything finds, at any time', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const index = new TopicIndex<{ filter: TopicFilter }>();
        const model: { filter: TopicFilter }[] = [];
        for (const action of steps) {
          if (action.do === 'add') {
            const value = { filter: TopicFilter.parse(action.filter) };
            model.push(value);
            index.add(value.filter, value);
          }
          if (action.do === 'delete' && model.length > 0) {
            const [value] = model.splice(action.which % model.length, 1);
            index.delete(value!.filter, value!);
          }
          const expected = model.filter((value) => value.filter.matches(action.topic));
          const found = index.match(action.topic);
          expect(found).toHaveLength(expected.length);
          expect(new Set(found)).toEqual(new Set(expected));
        }
      }),
    );
  });

  it('looks at wildcard filters once for a topic, and at others not at all', () => {
    let looks = 0;
    const watched = (text: string) => {
      const parsed = TopicFilter.parse(text);
      return Object.assign(Object.create(parsed) as TopicFilter, {
        matches: (name: string) => (looks++, parsed.matches(name)),
      });
    };
    const index = new TopicIndex<number>();
    for (let i = 0; i < 100; i++) index.add(watched(`exact/${i}`), i);
    for (let i = 0; i < 100; i++) index.add(watched(`wild/${i}/+`), 100 + i);
    for (let i = 0; i < 10; i++) expect(index.match('wild/7/x')).toEqual([107]);
    expect(looks).toBe(100);
  });
});
