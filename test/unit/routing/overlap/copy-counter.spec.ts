import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { CopyCounter } from '../../../../lib/routing/overlap/copy-counter.js';

const message = fc.record({ topic: fc.constantFrom('a', 'a/b'), payload: fc.constantFrom('', 'x', 'tick') });

/** Copies of all messages, those of different messages mixed in whatever order. */
const copies = fc
  .tuple(fc.array(message, { maxLength: 20 }), fc.integer({ min: 1, max: 4 }))
  .chain(([messages, perMessage]) => {
    const all = messages.flatMap((one) => Array.from({ length: perMessage }, () => one));
    return fc.tuple(
      fc.constant(messages),
      fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
      fc.constant(perMessage),
    );
  });

const keyOf = ({ topic, payload }: { topic: string; payload: string }): string => `${topic} ${payload}`;

describe('CopyCounter', () => {
  it('tells each message apart once, equal ones and any order of copies included', () => {
    fc.assert(
      fc.property(copies, ([messages, arrivals, perMessage]) => {
        const counter = new CopyCounter();
        const told = arrivals.filter(({ topic, payload }) => counter.isFirst(topic, Buffer.from(payload), perMessage));
        expect(told.map(keyOf).toSorted()).toEqual(messages.map(keyOf).toSorted());
      }),
    );
  });

  it('tells the first copy of a message when it comes, not when the others have', () => {
    const counter = new CopyCounter();
    expect(counter.isFirst('a', Buffer.from('x'), 2)).toBe(true);
    expect(counter.isFirst('b', Buffer.from('x'), 2)).toBe(true);
    expect(counter.isFirst('a', Buffer.from('x'), 2)).toBe(false);
  });

  it('does not wait for copies of a connection that is gone', () => {
    const counter = new CopyCounter();
    counter.isFirst('a', Buffer.from('x'), 3);
    counter.clear();
    expect(counter.isFirst('a', Buffer.from('x'), 3)).toBe(true);
  });

  it('forgets the oldest of more than 10,000 messages whose copies never came', () => {
    const counter = new CopyCounter();
    for (let i = 0; i <= 10_000; i++) counter.isFirst('a', Buffer.from(String(i)), 2);
    expect(counter.isFirst('a', Buffer.from('0'), 2)).toBe(true);
    expect(counter.isFirst('a', Buffer.from('2'), 2)).toBe(false);
  });
});
