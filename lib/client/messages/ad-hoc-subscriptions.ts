import { settlingOf } from '../../acknowledgement/settlement.js';
import type { PublishPacket, QoS } from '../../protocol/application-message.js';
import type { Settling } from '../../protocol/delivery.js';
import { TopicFilter } from '../../protocol/topic-filter.js';
import type { SubscriptionRequest } from '../../wire/subscriptions/subscriber.js';

/** Receives the messages of one ad-hoc subscription, and settles them. Never throws. */
export interface AdHocListener {
  receive(packet: PublishPacket, settlement: Settling | undefined): void;
}

interface AdHocParts {
  /** @throws SubscriptionRefusedError */
  readonly subscribe: (request: SubscriptionRequest) => Promise<void>;
  readonly unsubscribe: (filter: string) => void;
}

interface AdHocSubscription {
  readonly filter: TopicFilter;
  readonly request: SubscriptionRequest;
  readonly listeners: Set<AdHocListener>;
  /** Settles with the first answer of the broker. */
  readonly opened: Promise<void>;
  /** The last request. SUBSCRIBE packets are sent one after another, so that a granted QoS stays when a higher one is refused. */
  latest: Promise<void>;
  /** The highest QoS that the broker has not refused. */
  qos: QoS;
}

/**
 * Subscriptions that last as long as they have listeners. Each filter is subscribed once for all its listeners, with the options of the
 * first listener and the highest QoS of all.
 */
export class AdHocSubscriptions {
  private readonly subscriptions = new Map<string, AdHocSubscription>();
  private nextIdentifier = 1;

  constructor(private readonly parts: AdHocParts) {}

  get size(): number {
    return this.subscriptions.size;
  }

  /**
   * Adds a listener. A listener whose subscription the broker refuses gets an error; the others continue.
   *
   * @throws SubscriptionRefusedError, InvalidTopicError
   */
  async add(request: SubscriptionRequest, listener: AdHocListener): Promise<void> {
    const subscription = this.subscriptions.get(request.filter) ?? this.open(request);
    subscription.listeners.add(listener);
    try {
      await (request.qos > subscription.qos ? this.raise(subscription, request.qos) : subscription.opened);
    } catch (error) {
      this.remove(request.filter, listener);
      throw error;
    }
  }

  private open(given: SubscriptionRequest): AdHocSubscription {
    const filter = TopicFilter.parse(given.filter);
    const request = { ...given, identifier: this.nextIdentifier++ };
    const opened = this.parts.subscribe(request);
    const subscription = {
      filter,
      request,
      listeners: new Set<AdHocListener>(),
      opened,
      latest: opened,
      qos: given.qos,
    };
    this.subscriptions.set(request.filter, subscription);
    opened.catch(() => {
      if (this.isCurrent(subscription)) this.subscriptions.delete(request.filter);
    });
    return subscription;
  }

  /** Retain Handling 1: existing listeners do not get retained messages again (5.0 only). */
  private raise(subscription: AdHocSubscription, qos: QoS): Promise<void> {
    const raised = this.ask(subscription, qos, subscription.latest);
    subscription.latest = raised.catch(() => {});
    return raised;
  }

  private async ask(subscription: AdHocSubscription, qos: QoS, before: Promise<void>): Promise<void> {
    const { request, opened } = subscription;
    await before;
    await opened;
    if (subscription.qos >= qos || !this.isCurrent(subscription)) return; // raised or removed meanwhile
    await this.parts.subscribe({ ...request, qos, rh: request.rh || 1 });
    subscription.qos = qos;
  }

  private isCurrent(subscription: AdHocSubscription): boolean {
    return this.subscriptions.get(subscription.request.filter) === subscription;
  }

  /** Removes a listener. The last one unsubscribes. */
  remove(text: string, listener: AdHocListener): void {
    const subscription = this.subscriptions.get(text);
    if (!subscription?.listeners.delete(listener) || subscription.listeners.size > 0) return;
    this.subscriptions.delete(text);
    this.parts.unsubscribe(text);
  }

  /** @returns whether there is a listener for such messages */
  receive(packet: PublishPacket, delivery: Settling | undefined): boolean {
    const listeners = this.listenersOf(packet.topic, packet.properties?.subscriptionIdentifier);
    if (listeners.length === 0) return false;
    const settlement = settlingOf(delivery, listeners.length);
    for (const listener of listeners) listener.receive(packet, settlement);
    return true;
  }

  /** A Subscription Identifier identifies the subscription of a copy; unknown identifiers are ignored. */
  private listenersOf(topic: string, identifiers: number | readonly number[] | undefined): AdHocListener[] {
    const matching = [...this.subscriptions.values()].filter(({ filter }) => filter.matches(topic));
    const named = identifiers === undefined ? [] : [identifiers].flat();
    const exact = matching.filter(({ request }) => named.includes(request.identifier!));
    return (exact.length > 0 ? exact : matching).flatMap(({ listeners }) => [...listeners]);
  }
}
