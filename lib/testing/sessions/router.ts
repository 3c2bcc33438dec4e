import type { QoS } from '../../protocol/application-message.js';
import type { BrokerMessage } from '../broker-message.js';
import type { MqttBrokerOptions } from '../broker-options.js';
import type { Delivery } from './outbound-flow.js';
import type { Session, Subscription } from './session.js';
import { SharedGroup } from './shared-group.js';
import { TopicIndex } from './topic-index.js';

/** Who gets which message: all subscriptions of all sessions. */
export class Router {
  private readonly plain = new TopicIndex<Subscription>();
  private readonly shared = new TopicIndex<SharedGroup>();
  /** By `$share/<group>/<filter>`. */
  private readonly groups = new Map<string, SharedGroup>();

  constructor(private readonly overlap: NonNullable<MqttBrokerOptions['overlap']>) {}

  /** Returns whether the session had no such subscription before. */
  subscribe(subscription: Subscription): boolean {
    const { session, filter } = subscription;
    const previous = session.subscriptions.get(filter.text);
    session.subscriptions.set(filter.text, subscription);
    if (filter.group !== undefined) {
      this.groupOf(subscription).join(subscription);
    } else {
      if (previous) this.plain.delete(filter, previous);
      this.plain.add(filter, subscription);
    }
    return previous === undefined;
  }

  /** Returns whether there was such a subscription. */
  unsubscribe(session: Session, text: string): boolean {
    const subscription = session.subscriptions.get(text);
    if (!subscription) return false;
    session.subscriptions.delete(text);
    const group = this.groups.get(text);
    if (!group) {
      this.plain.delete(subscription.filter, subscription);
      return true;
    }
    group.leave(session);
    if (group.isEmpty) {
      this.groups.delete(text);
      this.shared.delete(group.filter, group);
    }
    return true;
  }

  unsubscribeAll(session: Session): void {
    for (const text of [...session.subscriptions.keys()]) this.unsubscribe(session, text);
  }

  /** Gives `message` to all whom it concerns; returns how many sessions and groups that were. */
  route(message: BrokerMessage, publisher?: Session): number {
    let receivers = 0;
    for (const [session, subscriptions] of bySession(this.plain.match(message.topic), publisher)) {
      receivers++;
      if (this.overlap === 'merge') session.outbound.deliver(copyFor(message, subscriptions));
      else for (const subscription of subscriptions) session.outbound.deliver(copyFor(message, [subscription]));
    }
    for (const group of this.shared.match(message.topic)) if (group.deal(message)) receivers++;
    return receivers;
  }

  /** Whether a member of the group is there to take over at once. */
  isShareOnline(share: string): boolean {
    return this.groups.get(share)?.isOnline ?? false;
  }

  /** Another member gets what one did not; false when there is none. */
  dealAgain({ message, share }: Delivery): boolean {
    return share !== undefined && (this.groups.get(share)?.deal(message) ?? false);
  }

  private groupOf({ filter }: Subscription): SharedGroup {
    let group = this.groups.get(filter.text);
    if (!group) {
      group = new SharedGroup(filter);
      this.groups.set(filter.text, group);
      this.shared.add(filter, group);
    }
    return group;
  }
}

function bySession(
  subscriptions: readonly Subscription[],
  publisher: Session | undefined,
): Map<Session, Subscription[]> {
  const found = new Map<Session, Subscription[]>();
  for (const subscription of subscriptions) {
    const { session } = subscription;
    if (subscription.noLocal && session === publisher) continue; // [MQTT-3.8.3-3]
    const others = found.get(session);
    if (others) others.push(subscription);
    else found.set(session, [subscription]);
  }
  return found;
}

/** One copy for all of `subscriptions`: the highest of their QoS [MQTT-3.3.4-2], all of their identifiers [MQTT-3.3.4-4]. */
function copyFor(message: BrokerMessage, subscriptions: readonly Subscription[]): Delivery {
  const granted = Math.max(...subscriptions.map(({ qos }) => qos));
  return {
    message,
    qos: Math.min(message.qos, granted) as QoS,
    retain: message.retain && subscriptions.some(({ retainAsPublished }) => retainAsPublished), // [MQTT-3.3.1-12]
    identifiers: subscriptions.flatMap(({ identifier }) => identifier ?? []),
  };
}
