import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Handler } from '../../../lib/routing/handler.js';
import { assignIdentifiers } from '../../../lib/routing/overlap/subscription-identifiers.js';
import { targetsOfCopy } from '../../../lib/routing/overlap/targets-of-copy.js';
import { compareSpecificity } from '../../../lib/routing/specificity.js';
import { Subscriptions } from '../../../lib/routing/subscriptions.js';
import { TopicRouter } from '../../../lib/routing/topic-router.js';
import { naiveMatcher, topicFilters, topicNames } from '../protocol/topic-arbitraries.js';
import { handlerOf, requestHandlerOf } from './handlers.js';

function routerOf(handlers: readonly Handler[]): TopicRouter {
  const subscriptions = new Subscriptions(handlers);
  assignIdentifiers(subscriptions);
  return new TopicRouter(subscriptions);
}

function patternsAt(router: TopicRouter, topic: string): string[] {
  return router.route(topic).targets.map(({ handler }) => handler.pattern);
}

/** Identifiers that the copies of a message carry, as brokers of either kind send them. */
function copies(router: TopicRouter, topic: string, overlap: 'merge' | 'each'): (number | number[] | undefined)[] {
  const { subscriptions } = router.route(topic);
  const identifiers = subscriptions.flatMap(({ identifier }) => identifier ?? []);
  if (overlap === 'merge') return [identifiers.length > 1 ? identifiers : identifiers[0]];
  return subscriptions.map(({ identifier }) => identifier);
}

const handlerLists = fc
  .array(fc.tuple(topicFilters(), fc.boolean(), fc.nat(5)), { minLength: 1, maxLength: 12, size: 'max' })
  .map((entries) => {
    const methods = Array.from({ length: 6 }, () => ({ extras: {} }));
    // a method is either an event handler or a request handler, under all of its patterns
    return entries.map(([pattern, , method]) =>
      handlerOf(pattern, { isEventHandler: method % 2 === 0, method: methods[method]! }),
    );
  });

describe('TopicRouter', () => {
  it('runs the request handler with the most specific filter, and every event handler', () => {
    const router = routerOf([
      requestHandlerOf('#'),
      handlerOf('a/#'),
      requestHandlerOf('a/+'),
      handlerOf('#'),
      requestHandlerOf('a/b'),
    ]);
    expect(patternsAt(router, 'a/b')).toEqual(['a/b', 'a/#', '#']);
    expect(patternsAt(router, 'a/c')).toEqual(['a/+', 'a/#', '#']);
    expect(patternsAt(router, 'b')).toHaveLength(2);
  });

  it('runs a method once for a message that several of its patterns match, with the most specific one', () => {
    const method = { extras: {} };
    const router = routerOf([
      handlerOf('a/#', { method }),
      handlerOf('a/b', { method }),
      handlerOf('+/b', { method }),
      handlerOf('a/b'),
    ]);
    const { targets } = router.route('a/b');
    expect(targets.filter(({ handler }) => handler.method === method).map(({ handler }) => handler.pattern)).toEqual([
      'a/b',
    ]);
    expect(targets).toHaveLength(2);
    expect(patternsAt(router, 'a/x')).toEqual(['a/#']);
  });

  it('agrees with a scan of all handlers', () => {
    fc.assert(
      fc.property(handlerLists, topicNames(), (handlers, topic) => {
        const matching = handlers.filter(({ filter }) => naiveMatcher(filter.filter)(topic));
        const { targets, subscriptions } = routerOf(handlers).route(topic);
        const methods = targets.map(({ handler }) => handler.method);
        expect(new Set(methods).size).toBe(methods.length);
        const events = matching.filter(({ isEventHandler }) => isEventHandler).map(({ method }) => method);
        expect(new Set(methods.filter((_, i) => targets[i]!.handler.isEventHandler))).toEqual(new Set(events));
        const requests = matching.filter(({ isEventHandler }) => !isEventHandler);
        const answering = targets.filter(({ handler }) => !handler.isEventHandler);
        expect(answering).toHaveLength(Math.min(1, requests.length));
        for (const { filter } of requests)
          expect(compareSpecificity(answering[0]!.handler.filter, filter)).toBeLessThanOrEqual(0);
        expect(new Set(subscriptions.map(({ text }) => text))).toEqual(
          new Set(matching.map(({ subscription }) => subscription)),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('captures by level, and gives what it captured to nobody to change', () => {
    const handler = {
      ...handlerOf('devices/+/channels/+'),
      captures: [
        { name: 'id', level: 1 },
        { name: '__proto__', level: 3 },
      ],
    };
    const { params } = routerOf([handler]).route('devices/7/channels/x').targets[0]!;
    expect(Object.entries(params)).toEqual([
      ['id', '7'],
      ['__proto__', 'x'],
    ]);
    expect(Object.isFrozen(params)).toBe(true);
    expect(Object.getPrototypeOf(params)).toBe(Object.prototype);
  });

  it.each([1, 2, 3, 7, 15])('remembers a topic that is seen after every %i new ones', (others) => {
    const router = routerOf([{ ...handlerOf('+/#'), captures: [{ name: 'kind', level: 0 }] }]);
    const seen = new Set<unknown>();
    for (let i = 0; i < 200_000; i++) {
      router.route(`device/${i}`);
      if (i % others === 0) seen.add(router.route('often'));
    }
    expect(seen.size).toBeLessThanOrEqual(3); // everything is forgotten once or twice, and this topic is back at once
  });

  it('has one route for all topics of a handler that captures nothing', () => {
    const router = routerOf([handlerOf('a/#'), handlerOf('b/+')]);
    expect(router.route('a/1')).toBe(router.route('a/2'));
    expect(router.route('a/1')).not.toBe(router.route('b/1'));
  });

  it('forgets topics, so that ever new ones do not fill the memory', () => {
    const router = routerOf([{ ...handlerOf('+/#'), captures: [{ name: 'kind', level: 0 }] }]);
    const first = router.route('once');
    expect(router.route('once')).toBe(first); // what is captured belongs to this topic
    for (let i = 0; i < 200_000; i++) router.route(`device/${i}`);
    expect(router.route('once')).not.toBe(first);
    expect(rememberedBy(router)).toBeLessThanOrEqual(10_000);
  });
});

/** Size of all Maps that the router holds itself. */
function rememberedBy(router: TopicRouter): number {
  const maps = Object.values(router).filter((value) => value instanceof Map);
  expect(maps.length).toBeGreaterThan(0);
  return maps.reduce((sum, map) => sum + map.size, 0);
}

describe('targetsOfCopy', () => {
  it.each(['merge', 'each'] as const)(
    'runs every target once where the broker sends copies of kind "%s"',
    (overlap) => {
      fc.assert(
        fc.property(handlerLists, topicNames(), (handlers, topic) => {
          const router = routerOf(handlers);
          const route = router.route(topic);
          const ran = copies(router, topic, overlap).flatMap((identifiers) => targetsOfCopy(route, identifiers));
          expect(ran).toHaveLength(route.targets.length);
          expect(new Set(ran)).toEqual(new Set(route.targets));
        }),
        { numRuns: 300 },
      );
    },
  );

  it.each([
    ['none', undefined],
    ['one of an earlier process', 4_711],
    ['several of an earlier process', [4_711, 4_712]],
  ])("runs all targets for a copy with an identifier that is not the topic's: %s", (_, identifiers) => {
    const route = routerOf([handlerOf('a/b'), handlerOf('a/+')]).route('a/b');
    expect(targetsOfCopy(route, identifiers)).toBe(route.targets);
  });

  it('takes of a copy the identifiers that it knows, stale ones beside them or not', () => {
    const route = routerOf([handlerOf('a/b'), handlerOf('a/+'), handlerOf('#')]).route('a/b');
    const known = route.targets[1]!;
    expect(targetsOfCopy(route, [4_711, known.subscription.identifier!])).toEqual([known]);
  });

  it('needs no identifier where one subscription matches', () => {
    const route = routerOf([handlerOf('a/b'), handlerOf('a/b')]).route('a/b');
    expect(targetsOfCopy(route, 4_711)).toBe(route.targets);
    expect(route.targets).toHaveLength(2);
  });

  it('runs nothing for a copy of a subscription whose method runs for another one', () => {
    const method = { extras: {} };
    const route = routerOf([handlerOf('a/b', { method }), handlerOf('a/+', { method })]).route('a/b');
    const [narrow, wide] = ['a/b', 'a/+'].map((text) => route.subscriptions.find((s) => s.text === text)!.identifier);
    expect(targetsOfCopy(route, narrow)).toHaveLength(1);
    expect(targetsOfCopy(route, wide)).toHaveLength(0);
  });
});
