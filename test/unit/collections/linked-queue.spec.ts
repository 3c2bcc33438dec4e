import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { LinkedQueue, type QueuePlace } from '../../../lib/collections/linked-queue.js';

const step = fc.oneof(
  fc.record({ do: fc.constant('push' as const) }),
  fc.record({ do: fc.constant('shift' as const) }),
  fc.record({ do: fc.constant('remove' as const), which: fc.nat() }),
);

describe('LinkedQueue', () => {
  it('does what an array does', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
        const queue = new LinkedQueue<number>();
        const model: { value: number; place: QueuePlace<number> }[] = [];
        for (const [value, action] of steps.entries()) {
          if (action.do === 'push') model.push({ value, place: queue.push(value) });
          const shifted = action.do === 'shift' ? [queue.shift(), model.shift()?.value] : [];
          expect(shifted[0]).toBe(shifted[1]);
          if (action.do === 'remove' && model.length > 0)
            queue.remove(model.splice(action.which % model.length, 1)[0]!.place);
          expect(queue.size).toBe(model.length);
        }
        expect(Array.from({ length: model.length + 1 }, () => queue.shift())).toEqual([
          ...model.map(({ value }) => value),
          undefined,
        ]);
      }),
    );
  });
});
