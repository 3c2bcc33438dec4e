import { settlingOf } from '../acknowledgement/settlement.js';
import type { PublishPacket, QoS } from '../protocol/application-message.js';
import type { Delivery, Settling } from '../protocol/delivery.js';
import { TopicFilter } from '../protocol/topic-filter.js';
import type { SubscriptionRequest } from '../wire/subscriber.js';

/** Takes the messages of one ad-hoc subscription, and decides about each. */
export type MessageListener = (
  topic: string,
  payload: Buffer,
  packet: PublishPacket,
  settlement: Settling | undefined,
) => void;

interface AdHocParts {
  /** @throws SubscriptionRefusedError */
  readonly subscribe: (request: SubscriptionRequest) => Promise<void>;
  readonly unsubscribe: (filter: string) => void;
}

interface AdHocSubscription {
  readonly filter: TopicFilter;
  readonly identifier: number;
  readonly listeners: Set<MessageListener>;
  request: SubscriptionRequest;
  granted: Promise<unknown>;
}

/**
 * Subscriptions that last as long as somebody listens: each filter is subscribed once, however many do, with the options of the
 * first of them and the highest QoS that one of them asks for.
 */
export class AdHocSubscriptions {
  private readonly subscriptions = new Map<string, AdHocSubscription>();
  private nextIdentifier = 1;

  constructor(private readonly parts: AdHocParts) {}

  get size(): number {
    return this.subscriptions.size;
  }

  /**
   * Listens from now on.
   *
   * @throws SubscriptionRefusedError, InvalidTopicError
   */
  async add(request: SubscriptionRequest, listener: MessageListener): Promise<void> {
    const { filter: text, qos } = request;
    const subscription = this.subscriptions.get(text) ?? this.open(request);
    subscription.listeners.add(listener);
    if (qos > subscription.request.qos) this.raise(subscription, qos);
    try {
      await subscription.granted;
    } catch (error) {
      if (this.subscriptions.get(text) === subscription) this.subscriptions.delete(text);
      throw error;
    }
  }

  private open(given: SubscriptionRequest): AdHocSubscription {
    const identifier = this.nextIdentifier++;
    const request = { ...given, identifier };
    const filter = TopicFilter.parse(request.filter);
    const granted = this.parts.subscribe(request);
    const subscription = { filter, identifier, listeners: new Set<MessageListener>(), request, granted };
    this.subscriptions.set(request.filter, subscription);
    return subscription;
  }

  /** Retain Handling 1: those who listen already do not get retained messages again (3.1.1 has no such thing). */
  private raise(subscription: AdHocSubscription, qos: QoS): void {
    const { request, granted } = subscription;
    subscription.request = { ...request, qos, rh: request.rh || 1 };
    subscription.granted = Promise.all([granted, this.parts.subscribe(subscription.request)]);
  }

  /** Listens no more; the last one to do so unsubscribes. */
  remove(text: string, listener: MessageListener): void {
    const subscription = this.subscriptions.get(text);
    if (!subscription?.listeners.delete(listener) || subscription.listeners.size > 0) return;
    this.subscriptions.delete(text);
    this.parts.unsubscribe(text);
  }

  /** @returns whether somebody listens to such messages */
  receive(topic: string, payload: Buffer, packet: PublishPacket, delivery: Delivery | undefined): boolean {
    const listeners = this.listenersOf(topic, packet.properties?.subscriptionIdentifier);
    if (listeners.length === 0) return false;
    const settlement = settlingOf(delivery, listeners.length);
    for (const listener of listeners) listener(topic, payload, packet, settlement);
    return true;
  }

  /** An identifier names the subscription that a copy is for; one that is not ours, or no longer, names none. */
  private listenersOf(topic: string, identifiers: number | readonly number[] | undefined): MessageListener[] {
    const matching = [...this.subscriptions.values()].filter(({ filter }) => filter.matches(topic));
    const named = identifiers === undefined ? [] : [identifiers].flat();
    const exact = matching.filter(({ identifier }) => named.includes(identifier));
    return (exact.length > 0 ? exact : matching).flatMap(({ listeners }) => [...listeners]);
  }
}
