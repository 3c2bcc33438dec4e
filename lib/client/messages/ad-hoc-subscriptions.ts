import { settlingOf } from '../../acknowledgement/settlement.js';
import type { PublishPacket, QoS } from '../../protocol/application-message.js';
import type { Settling } from '../../protocol/delivery.js';
import { TopicFilter } from '../../protocol/topic-filter.js';
import type { SubscriptionRequest } from '../../wire/subscriptions/subscriber.js';

/** Takes the messages of one ad-hoc subscription, and decides about each. Never throws. */
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
  /** Settles with what the broker first said. */
  readonly opened: Promise<void>;
  /** What was asked for last: one SUBSCRIBE after another, so that what is granted stays when more is refused. */
  latest: Promise<void>;
  /** The highest QoS that the broker was not found to refuse. */
  qos: QoS;
}

/**
 * Subscriptions that last as long as they have listeners: each filter is subscribed once, however many do, with the options of the
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
   * Listens from now on. A listener whose subscription the broker refuses gets an error; the others continue.
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
    if (subscription.qos >= qos || !this.isCurrent(subscription)) return; // raised, or given up, meanwhile
    await this.parts.subscribe({ ...request, qos, rh: request.rh || 1 });
    subscription.qos = qos;
  }

  private isCurrent(subscription: AdHocSubscription): boolean {
    return this.subscriptions.get(subscription.request.filter) === subscription;
  }

  /** Listens no more; the last one to do so unsubscribes. */
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

  /** A Subscription Identifier names the subscription that a copy is for; an unknown one names none. */
  private listenersOf(topic: string, identifiers: number | readonly number[] | undefined): AdHocListener[] {
    const matching = [...this.subscriptions.values()].filter(({ filter }) => filter.matches(topic));
    const named = identifiers === undefined ? [] : [identifiers].flat();
    const exact = matching.filter(({ request }) => named.includes(request.identifier!));
    return (exact.length > 0 ? exact : matching).flatMap(({ listeners }) => [...listeners]);
  }
}
