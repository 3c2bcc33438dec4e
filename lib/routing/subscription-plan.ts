import { FeatureNotSupportedError } from '../errors/feature-not-supported.error.js';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import type { QoS } from '../protocol/application-message.js';
import type { TopicFilter } from '../protocol/topic-filter.js';
import type { Handler } from './handler.js';
import { TopicFilterTree } from './topic-filter-tree.js';

/** One subscription at the broker; the handlers of one filter share it. */
export interface Subscription {
  /** What the broker is asked for. */
  readonly text: string;
  readonly filter: TopicFilter;
  /** The highest that one of its handlers asks for. */
  qos: QoS;
  readonly nl: boolean;
  readonly rap: boolean;
  readonly rh: 0 | 1 | 2;
  /**
   * Subscription Identifier (section 3.8.2.1.2). Only filters that overlap have one, and those that do not overlap share it: a
   * SUBSCRIBE packet holds many filters but one identifier, and a topic with a filter's identifier names that filter all the same.
   */
  identifier: number | undefined;
}

/** One subscription for each filter, with what its handlers agree on. */
export function collectSubscriptions(handlers: readonly Handler[]): Map<string, Subscription> {
  const subscriptions = new Map<string, Subscription>();
  for (const { subscription: text, filter, options } of handlers) {
    const { qos, nl, rap, rh } = options;
    const known = subscriptions.get(text);
    if (!known) subscriptions.set(text, { text, filter, qos, nl, rap, rh, identifier: undefined });
    else if (known.nl === nl && known.rap === rap && known.rh === rh) known.qos = Math.max(known.qos, qos) as QoS;
    else {
      throw new InvalidOptionsError([
        {
          option: `nl, rap, rh of "${text}"`,
          problem: 'its handlers share one subscription and disagree about them',
          remedy: 'Give all handlers of this filter the same values',
        },
      ]);
    }
  }
  return subscriptions;
}

/**
 * Gives every subscription that overlaps others an identifier that none of those has, so that each copy of a message tells
 * which of them it belongs to.
 */
export function assignIdentifiers(subscriptions: Iterable<Subscription>): void {
  const tree = new TopicFilterTree<Subscription>();
  for (const subscription of subscriptions) {
    subscription.identifier = undefined;
    const overlapping = tree.overlapping(subscription.filter);
    tree.add(subscription.filter, subscription);
    if (overlapping.length === 0) continue;
    // one that has no identifier overlapped nothing so far: any identifier is free for it
    for (const other of overlapping) other.identifier ??= FIRST_IDENTIFIER;
    subscription.identifier = smallestFree(overlapping);
  }
}

/** 0 is not allowed [MQTT-3.8.2.1.2]. */
const FIRST_IDENTIFIER = 1;

function smallestFree(taken: readonly Subscription[]): number {
  const identifiers = new Set(taken.map(({ identifier }) => identifier));
  let identifier = FIRST_IDENTIFIER;
  while (identifiers.has(identifier)) identifier++;
  return identifier;
}

/** Two subscriptions of which some topic matches both, and whose copies nothing tells apart. */
export type AmbiguousPair = readonly [Subscription, Subscription];

/**
 * Where nothing tells apart the copies that a broker sends for overlapping subscriptions (3.1.1), a filter that another one
 * covers is not asked for: the broader one brings its messages too, once each.
 *
 * @returns what to ask for, and pairs that overlap although neither covers the other
 * @throws FeatureNotSupportedError when a Shared Subscription overlaps another one: which of the two a copy belongs to cannot be known
 */
export function withoutCovered(subscriptions: Iterable<Subscription>): {
  asked: Subscription[];
  ambiguous: AmbiguousPair[];
} {
  const all = [...subscriptions];
  const tree = new TopicFilterTree<Subscription>();
  for (const subscription of all) tree.add(subscription.filter, subscription);
  const asked = new Map<Subscription, Subscription>();
  const ambiguous: AmbiguousPair[] = [];
  for (const subscription of all) {
    const others = tree.overlapping(subscription.filter).filter((other) => other !== subscription);
    for (const other of others) refuseShared(subscription, other);
    if (others.some((other) => standsFor(other, subscription))) continue;
    const covered = others.filter(({ filter }) => subscription.filter.covers(filter));
    const qos = Math.max(subscription.qos, ...covered.map((other) => other.qos)) as QoS;
    asked.set(subscription, { ...subscription, qos });
    for (const other of others) if (asked.has(other)) ambiguous.push([other, subscription]);
  }
  return { asked: [...asked.values()], ambiguous };
}

/** Of two filters that match the same topics one stands for the other, not each for the other. */
function standsFor(broad: Subscription, narrow: Subscription): boolean {
  if (!broad.filter.covers(narrow.filter)) return false;
  return !narrow.filter.covers(broad.filter) || broad.text < narrow.text;
}

function refuseShared(a: Subscription, b: Subscription): void {
  if (a.filter.group === undefined && b.filter.group === undefined) return;
  throw new FeatureNotSupportedError(
    `"${a.text}" beside "${b.text}"`,
    'without Subscription Identifiers (MQTT 5.0) nothing tells which of these overlapping subscriptions a message belongs to',
    'Use protocolVersion 5, make the filters disjoint, or give one of them a ServerMqtt of its own',
  );
}
