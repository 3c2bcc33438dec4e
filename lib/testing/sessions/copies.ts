import type { QoS } from '../../protocol/application-message.js';
import type { BrokerMessage } from '../broker-message.js';
import type { ResolvedBrokerOptions } from '../broker-options.js';
import type { Delivery } from './outbound-flow.js';
import type { Subscription } from './session.js';

type CopyOptions = Pick<ResolvedBrokerOptions, 'overlap' | 'copyIdentifiers' | 'sharedIdentifiers'>;

/** The copies of a message for one session with matching non-shared `subscriptions`: one for all of them, or one for each. */
export function copiesFor(
  message: BrokerMessage,
  subscriptions: readonly Subscription[],
  { overlap, copyIdentifiers }: CopyOptions,
): Delivery[] {
  const all = identifiersOf(subscriptions);
  const identifiers = (own: readonly number[]) =>
    copyIdentifiers === 'own' ? own : copyIdentifiers === 'all' ? all : all.slice(0, 1);
  const copies = overlap === 'merge' ? [subscriptions] : subscriptions.map((subscription) => [subscription]);
  return copies.map((group) => copyFor(message, group, identifiers(identifiersOf(group))));
}

/** One copy for all of `subscriptions`: the highest of their QoS [MQTT-3.3.4-2], all of their identifiers [MQTT-3.3.4-4]. */
function copyFor(
  message: BrokerMessage,
  subscriptions: readonly Subscription[],
  identifiers: readonly number[],
): Delivery {
  const granted = Math.max(...subscriptions.map(({ qos }) => qos));
  return {
    message,
    qos: Math.min(message.qos, granted) as QoS,
    retain: message.retain && subscriptions.some(({ retainAsPublished }) => retainAsPublished), // [MQTT-3.3.1-12]
    identifiers,
  };
}

/** Subscription Identifiers of a delivery for a Shared Subscription. @param plain matching non-shared subscriptions of the member */
export function sharedIdentifiers(
  member: Subscription,
  plain: readonly Subscription[],
  { copyIdentifiers, sharedIdentifiers: own }: CopyOptions,
): readonly number[] {
  return [...(own ? identifiersOf([member]) : []), ...(copyIdentifiers === 'all' ? identifiersOf(plain) : [])];
}

function identifiersOf(subscriptions: readonly Subscription[]): readonly number[] {
  return subscriptions.flatMap(({ identifier }) => identifier ?? []);
}
