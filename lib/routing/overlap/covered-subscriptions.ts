import { FeatureNotSupportedError } from '../../errors/feature-not-supported.error.js';
import type { QoS } from '../../protocol/application-message.js';
import type { Subscription } from '../subscription.js';
import type { Subscriptions } from '../subscriptions.js';

/** Two overlapping subscriptions whose copies cannot be distinguished. */
export type AmbiguousPair = readonly [Subscription, Subscription];

/**
 * When the copies for overlapping subscriptions cannot be distinguished (3.1.1, or wrong Subscription Identifiers), a filter that
 * another one covers is not subscribed: the broader filter receives its messages too, once each.
 *
 * @returns the subscriptions to request, and pairs that overlap although neither covers the other
 * @throws FeatureNotSupportedError when a Shared Subscription overlaps another subscription: the subscription of a copy cannot be determined
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

/** Whether `broad` replaces `narrow`. Of two filters that match the same topics, exactly one replaces the other. */
function standsFor(broad: Subscription, narrow: Subscription): boolean {
  if (!broad.filter.covers(narrow.filter)) return false;
  return !narrow.filter.covers(broad.filter) || broad.text < narrow.text;
}

function refuseShared(a: Subscription, b: Subscription): void {
  if (a.filter.group === undefined && b.filter.group === undefined) return;
  throw new FeatureNotSupportedError(
    `"${a.text}" beside "${b.text}"`,
    'without correct Subscription Identifiers (MQTT 5.0), the subscription of a message cannot be determined when these ' +
      'subscriptions overlap',
    'Make the filters disjoint, serve one of them with another ServerMqtt, or use protocolVersion 5',
  );
}
