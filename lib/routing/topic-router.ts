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

/** So many are remembered as they come; what comes then may be a flood of topics that never come again. */
const ADMITTED_FREELY = REMEMBERED_TOPICS / 2;
/** Of those one in so many is remembered. Prime: topics that take turns all get theirs. */
const ADMITTED = 17;

/** A handler in the tree: the target of every topic that it captures nothing from. */
interface Entry<H extends Handler> extends Target<H> {
  /** Route of all topics that this handler alone is for, where it captures nothing from them. */
  route: Route<H> | undefined;
}

/** Finds the handlers of a topic. A topic that was seen lately costs one look-up, however many handlers there are. */
export class TopicRouter<H extends Handler = Handler> {
  private readonly tree = new TopicFilterTree<Entry<H>>();
  private readonly remembered = new Map<string, Route<H>>();
  private misses = 0;

  constructor(handlers: readonly H[], subscriptions: ReadonlyMap<string, Subscription>) {
    for (const handler of handlers) {
      const subscription = subscriptions.get(handler.subscription)!;
      this.tree.add(handler.filter, { handler, subscription, params: NO_PARAMS, route: undefined });
    }
  }

  route(topic: string): Route<H> {
    return this.remembered.get(topic) ?? this.find(topic);
  }

  private find(topic: string): Route<H> {
    const route = routeOf(this.tree.match(topic), topic);
    // Remembering costs more than finding (0.26 µs against 0.13), for nothing where every topic is new. A topic that comes
    // again and again is admitted soon all the same: it has a chance each time.
    if (this.remembered.size < ADMITTED_FREELY || this.misses++ % ADMITTED === 0) this.remember(topic, route);
    return route;
  }

  private remember(topic: string, route: Route<H>): void {
    if (this.remembered.size >= REMEMBERED_TOPICS) this.remembered.clear();
    this.remembered.set(topic, route);
  }
}

/** Most topics have one handler that captures nothing: its topics share their route. */
function routeOf<H extends Handler>(matches: readonly Entry<H>[], topic: string): Route<H> {
  if (matches.length !== 1) return routeOfSeveral(matches, topic);
  const entry = matches[0]!;
  if (entry.route !== undefined) return entry.route;
  const { handler, subscription } = entry;
  const subscriptions = [subscription];
  if (handler.captures.length === 0) return (entry.route = { targets: matches, subscriptions });
  return { targets: [{ handler, subscription, params: captured(handler, topic) }], subscriptions };
}

function routeOfSeveral<H extends Handler>(matches: readonly Entry<H>[], topic: string): Route<H> {
  const sorted = matches.toSorted((a, b) => compareSpecificity(a.handler.filter, b.handler.filter));
  const methods = new Set<object>();
  let answered = false;
  const targets: Target<H>[] = [];
  for (const { handler, subscription } of sorted) {
    if (methods.has(handler.method) || (answered && !handler.isEventHandler)) continue;
    methods.add(handler.method);
    if (!handler.isEventHandler) answered = true;
    targets.push({ handler, subscription, params: captured(handler, topic) });
  }
  return { targets, subscriptions: [...new Set(sorted.map(({ subscription }) => subscription))] };
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
