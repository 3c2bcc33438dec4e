import type { Handler } from './handler.js';
import { compareSpecificity } from './specificity.js';
import type { Subscription } from './subscription-plan.js';
import { TopicFilterTree } from './topic-filter-tree.js';
import type { TopicParams } from './topic-template.js';

/** A handler that runs for the messages of one topic. */
export interface Target<H extends Handler = Handler> {
  readonly handler: H;
  readonly subscription: Subscription;
  readonly params: TopicParams;
}

/** All that is known about the messages of one topic. */
export interface Route<H extends Handler = Handler> {
  /** Handlers that run: every event handler, and the request handler with the most specific filter. */
  readonly targets: readonly Target<H>[];
  /** Subscriptions that match, those of handlers that do not run included. */
  readonly subscriptions: readonly Subscription[];
}

/** Topics whose routes are remembered; devices that publish under ever new topics must not fill the memory. */
const REMEMBERED_TOPICS = 10_000;

const NO_PARAMS: TopicParams = Object.freeze({});

/** Finds the handlers of a topic. A topic that was seen lately costs one look-up, however many handlers there are. */
export class TopicRouter<H extends Handler = Handler> {
  private readonly tree = new TopicFilterTree<{ handler: H; subscription: Subscription }>();
  private recent = new Map<string, Route<H>>();
  private older = new Map<string, Route<H>>();

  constructor(handlers: readonly H[], subscriptions: ReadonlyMap<string, Subscription>) {
    for (const handler of handlers) {
      this.tree.add(handler.filter, { handler, subscription: subscriptions.get(handler.subscription)! });
    }
  }

  route(topic: string): Route<H> {
    return this.recent.get(topic) ?? this.remember(topic, this.older.get(topic) ?? this.find(topic));
  }

  private remember(topic: string, route: Route<H>): Route<H> {
    if (this.recent.size >= REMEMBERED_TOPICS) {
      this.older = this.recent;
      this.recent = new Map();
    }
    this.recent.set(topic, route);
    return route;
  }

  private find(topic: string): Route<H> {
    const matches = this.tree.match(topic);
    if (matches.length > 1) matches.sort((a, b) => compareSpecificity(a.handler.filter, b.handler.filter));
    const methods = new Set<object>();
    let answered = false;
    const targets: Target<H>[] = [];
    for (const { handler, subscription } of matches) {
      if (methods.has(handler.method) || (answered && !handler.isEventHandler)) continue;
      methods.add(handler.method);
      if (!handler.isEventHandler) answered = true;
      targets.push({ handler, subscription, params: captured(handler, topic) });
    }
    return { targets, subscriptions: [...new Set(matches.map(({ subscription }) => subscription))] };
  }
}

/**
 * The handlers that one copy of a message is for. A broker sends one copy for each matching subscription, or one for all of
 * them, and names them by their Subscription Identifiers (section 3.3.2.3.8). An identifier counts only if one of the topic's
 * subscriptions has it: others are left from an earlier process.
 */
export function targetsOfCopy<H extends Handler>(
  route: Route<H>,
  identifiers: number | readonly number[] | undefined,
): readonly Target<H>[] {
  const { targets, subscriptions } = route;
  if (identifiers === undefined || subscriptions.length < 2) return targets;
  const named = typeof identifiers === 'number' ? [identifiers] : identifiers;
  if (!subscriptions.some(({ identifier }) => named.includes(identifier!))) return targets;
  return targets.filter(({ subscription }) => named.includes(subscription.identifier!));
}

function captured({ captures }: Handler, topic: string): TopicParams {
  if (captures.length === 0) return NO_PARAMS;
  const levels = topic.split('/');
  return Object.freeze(Object.fromEntries(captures.map(({ name, level }) => [name, levels[level]!])));
}
