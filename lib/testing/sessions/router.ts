import type { BrokerMessage } from '../broker-message.js';
import type { ResolvedBrokerOptions } from '../broker-options.js';
import { copiesFor, sharedIdentifiers } from './copies.js';
import type { Delivery } from './outbound-flow.js';
import type { Session, Subscription } from './session.js';
import { SharedGroup } from './shared-group.js';
import { TopicIndex } from './topic-index.js';

/** Routes messages: has all subscriptions of all sessions. */
export class Router {
  private readonly plain = new TopicIndex<Subscription>();
  private readonly shared = new TopicIndex<SharedGroup>();
  /** By `$share/<group>/<filter>`. */
  private readonly groups = new Map<string, SharedGroup>();

  constructor(private readonly options: ResolvedBrokerOptions) {}

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

  /** Delivers `message` to all matching sessions and groups; returns their number. */
  route(message: BrokerMessage, publisher?: Session): number {
    let receivers = 0;
    for (const [session, subscriptions] of bySession(this.plain.match(message.topic), publisher)) {
      receivers++;
      for (const copy of copiesFor(message, subscriptions, this.options)) session.outbound.deliver(copy);
    }
    for (const group of this.shared.match(message.topic)) if (this.deal(group, message)) receivers++;
    return receivers;
  }

  /** Whether a member of the group can receive messages at once. */
  isShareOnline(share: string): boolean {
    return this.groups.get(share)?.isOnline ?? false;
  }

  /** Delivers a message to another member of the group; false when there is none. */
  dealAgain({ message, share }: Delivery): boolean {
    const group = share === undefined ? undefined : this.groups.get(share);
    return group !== undefined && this.deal(group, message);
  }

  private deal(group: SharedGroup, message: BrokerMessage): boolean {
    return group.deal(message, (member) => {
      const plain = this.plain.match(message.topic).filter(({ session }) => session === member.session);
      return sharedIdentifiers(member, plain, this.options);
    });
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
