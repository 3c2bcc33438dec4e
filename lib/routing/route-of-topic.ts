import type { Handler } from './handler.js';
import { compareSpecificity } from './specificity.js';
import type { Route, Subscription, Target } from './subscription.js';
import type { Capture, TopicParams } from './topic-template.js';

/** @param subscriptions the subscriptions that match `topic` */
export function routeOf<H extends Handler>(topic: string, subscriptions: readonly Subscription<H>[]): Route<H> {
  const [only] = subscriptions;
  if (subscriptions.length !== 1 || only!.handlers.length !== 1) return routeOfSeveral(topic, subscriptions);
  if (only!.route !== undefined) return only!.route;
  const [handler] = only!.handlers;
  const route = { targets: [targetOf(handler!, only!, topic)], subscriptions };
  // a new route for each topic takes 0.15 of 1.7 µs
  if (handler!.captures.length === 0) only!.route = route;
  return route;
}

function routeOfSeveral<H extends Handler>(topic: string, subscriptions: readonly Subscription<H>[]): Route<H> {
  const sorted = subscriptions.toSorted((a, b) => compareSpecificity(a.filter, b.filter));
  const methods = new Set<object>();
  let answered = false;
  const targets: Target<H>[] = [];
  for (const subscription of sorted) {
    for (const handler of subscription.handlers) {
      if (methods.has(handler.method) || (answered && !handler.isEventHandler)) continue;
      methods.add(handler.method);
      if (!handler.isEventHandler) answered = true;
      targets.push(targetOf(handler, subscription, topic));
    }
  }
  return { targets, subscriptions: sorted };
}

function targetOf<H extends Handler>(handler: H, subscription: Subscription<H>, topic: string): Target<H> {
  return { handler, subscription, params: capturedFrom(topic, handler.captures) };
}

const NO_PARAMS: TopicParams = Object.freeze({});

/** What the captures of a pattern stand for in a topic. */
export function capturedFrom(topic: string, captures: readonly Capture[]): TopicParams {
  if (captures.length === 0) return NO_PARAMS;
  const levels = topic.split('/');
  return Object.freeze(Object.fromEntries(captures.map(({ name, level }) => [name, levels[level]!])));
}
