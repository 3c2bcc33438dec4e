import { FeatureNotSupportedError } from '../../errors/feature-not-supported.error.js';
import type { QoS } from '../../protocol/application-message.js';
import type { Subscription } from '../subscription.js';
import type { Subscriptions } from '../subscriptions.js';

/** Two subscriptions of which some topic matches both, and whose copies nothing tells apart. */
export type AmbiguousPair = readonly [Subscription, Subscription];

/**
 * Where nothing tells apart the copies that a broker sends for overlapping subscriptions (3.1.1, or wrong identifiers), a filter that another one
 * covers is not asked for: the broader one brings its messages too, once each.
 *
 * @returns what to ask for, and pairs that overlap although neither covers the other
 * @throws FeatureNotSupportedError when a Shared Subscription overlaps another one: which of the two a copy belongs to cannot be known
 */
export function withoutCovered(subscriptions: Subscriptions): { asked: Subscription[]; ambiguous: AmbiguousPair[] } {
  const asked = new Map<Subscription, Subscription>();
  const ambiguous: AmbiguousPair[] = [];
  for (const subscription of subscriptions) {
    const others = subscriptions.overlapping(subscription);
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
    'without Subscription Identifiers (MQTT 5.0), and a broker that sends the right ones, nothing tells which of these overlapping ' +
      'subscriptions a message belongs to',
    'Make the filters disjoint, give one of them a ServerMqtt of its own, or use protocolVersion 5 if you do not',
  );
}
