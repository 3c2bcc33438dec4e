import { describe, expect, it, jest } from '@jest/globals';
import type { Handler } from '../../../lib/routing/handler.js';
import { Subscriptions } from '../../../lib/routing/subscriptions.js';
import { TopicRouter } from '../../../lib/routing/topic-router.js';
import { handlerOf } from '../../unit/routing/handlers.js';

const FEW = 10;
const MANY = 10_000;

/** What looking up takes: entries of maps that are looked at, and properties of filters. */
class Work {
  private filtersRead = 0;

  /** The handler, with its filter watched. */
  watch(handler: Handler): Handler {
    const filter = new Proxy(handler.filter, {
      get: (target, property) => {
        this.filtersRead++;
        return Reflect.get(target, property) as unknown;
      },
    });
    return { ...handler, filter };
  }

  of(lookUp: () => unknown): number {
    this.filtersRead = 0;
    const iterator = Object.getPrototypeOf(new Map().values()) as Iterator<unknown>;
    const spies = [
      jest.spyOn(Map.prototype, 'get'),
      jest.spyOn(Map.prototype, 'forEach'),
      jest.spyOn(iterator, 'next'),
    ];
    try {
      lookUp();
      return spies.reduce((sum, { mock }) => sum + mock.calls.length, this.filtersRead);
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  }
}

describe('looking up the handlers of a topic', () => {
  it.each([
    ['of a pattern each', (i: number) => `devices/${i}/+/state`, 'devices/5/a/state'],
    ['that begin with a wildcard', (i: number) => `+/${i}/state`, 'devices/5/state'],
    ['of which all but one are in the way', (i: number) => (i === 5 ? 'a/+/c' : `a/b/${i}/#`), 'a/b/c'],
  ])(`takes as much among ${MANY} handlers as among ${FEW}: handlers %s`, (_, patternOf, topic) => {
    const [few, many] = [FEW, MANY].map((count) => {
      const work = new Work();
      const handlers = Array.from({ length: count }, (_none, i) => work.watch(handlerOf(patternOf(i))));
      const router = new TopicRouter(new Subscriptions(handlers));
      const first = work.of(() => expect(router.route(topic).targets).toHaveLength(1));
      return { first, again: work.of(() => router.route(topic)) };
    });
    expect(many).toEqual(few);
    expect(few!.first).toBeGreaterThan(few!.again);
    expect(few!.again).toBe(1); // the topic is remembered
  });
});
