import type { Logger } from '@nestjs/common';
import type { ISubackPacket } from 'mqtt-packet';
import type { QoS } from '../../protocol/application-message.js';
import { ExpiringSet } from '../../collections/expiring-set.js';
import { ConnectionClosedError } from '../../errors/connection-closed.error.js';
import { SubscriptionRefusedError, type RefusedFilter } from '../../errors/subscription-refused.error.js';
import { describeReasonCode, isFailure, ReasonCode } from '../../protocol/reason-code.js';
import { isShared } from '../../protocol/topic-filter.js';
import type { Connection } from '../connection/connection.js';
import { MAX_REFUSED, reasonOfHangUp, REFUSED_FOR_MS, type Loss } from '../connection/loss.js';
import { subscribePackets, type SubscriptionRequest } from './subscribe-packets.js';
import { SubscribeCall, Subscription } from './subscription.js';

export type { SubscriptionRequest } from './subscribe-packets.js';

/** Maximum number of attempts for a SUBSCRIBE that a caller waits for. */
const MAX_ASKED = 5;
/** Number of filters in a SUBSCRIBE that brokers with a low limit accept, such as AWS IoT Core. */
const FEW_FILTERS = 8;

/**
 * Manages the subscriptions of a connection: subscribes with as few packets as possible, checks every SUBACK, and subscribes again on the
 * next connection if the broker has not answered, or has lost the session.
 *
 * A broker may close the connection because of a SUBSCRIBE. Then packets become smaller and are sent one after another, and a filter with
 * which the connection is closed when it is sent alone is treated as refused.
 *
 * @internal
 */
export class Subscriber {
  private readonly wanted = new Map<string, Subscription>();
  /** Packets that wait for their SUBACK, in the order of sending. */
  private readonly unanswered: Subscription[][] = [];
  /** Unsubscribed filters whose UNSUBACK has not arrived: a resumed session may still have them. */
  private readonly unwanted = new Set<string>();
  /** Filters because of which the broker has closed the connection: they are refused for some time, for all callers. */
  private readonly refused = new ExpiringSet<string>(REFUSED_FOR_MS, MAX_REFUSED);
  private filtersPerPacket: number;
  /** Filters with which the connection has ended twice, until it is known whether the broker can be reached. */
  private pendingRefusal: { readonly packet: readonly Subscription[]; readonly loss: Loss } | undefined;
  /** Set when the present connection is closed because of a missing SUBACK. */
  private lateness: string | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly logger: Logger,
  ) {
    this.filtersPerPacket = connection.options.maxFiltersPerSubscribe;
    connection.on('session', ({ sessionPresent }) => {
      this.applyPendingRefusal();
      if (sessionPresent) return;
      this.unwanted.clear();
      for (const subscription of this.wanted.values()) subscription.isNotGranted();
    });
    connection.on('lost', (loss) => this.lost(loss));
    connection.on('attemptFailed', ({ answered }) => {
      if (!answered) this.trustAll();
    });
    connection.on('closed', (cause) => this.end(cause));
  }

  /** Number of filters that the broker has granted in the present session. */
  get grantedCount(): number {
    let count = 0;
    for (const { granted, previous } of this.wanted.values()) if (granted || previous?.granted) count++;
    return count;
  }

  get wantedCount(): number {
    return this.wanted.size;
  }

  /** Whether the broker has granted a filter in the present session. */
  isGranted(filter: string): boolean {
    return this.wanted.get(filter)?.granted === true;
  }

  /**
   * Subscribes, and restores the subscriptions after reconnects. After a loss before the SUBACK, subscribes again on the next connection.
   *
   * @throws SubscriptionRefusedError with every refused filter; these are not kept
   * @throws ConnectionClosedError when the broker did not answer after 5 attempts, or the connection is closed
   */
  async subscribe(requests: readonly SubscriptionRequest[]): Promise<void> {
    const call = new SubscribeCall(requests.length);
    const added = requests.map((request) => {
      const known = this.wanted.get(request.filter);
      const subscription = new Subscription(request, known?.granted ? known : undefined);
      subscription.calls.push(call);
      // it is not subscribed any more, unless its packet has been sent
      if (known && !this.unanswered.some((packet) => packet.includes(known)))
        subscription.calls.push(...known.calls.splice(0));
      this.wanted.set(request.filter, subscription);
      this.unwanted.delete(request.filter);
      return subscription;
    });
    if (this.connection.closed) this.end(this.connection.lastError);
    else if (this.connection.connected) void this.ask(added);
    await call.settled;
  }

  /** Unsubscribes. Without a connection, this is done on the next one if its session is resumed. */
  async unsubscribe(filters: readonly string[]): Promise<void> {
    for (const filter of filters) {
      this.wanted.get(filter)?.settle(undefined); // its caller has cancelled
      this.wanted.delete(filter);
    }
    if (this.connection.closed) return;
    for (const filter of filters) this.unwanted.add(filter);
    if (this.connection.connected) await this.giveUp(filters);
  }

  /** Subscribes the filters that this session lacks. A refused filter is tried again in the next session. */
  async restore(): Promise<void> {
    if (this.unwanted.size > 0) this.giveUp([...this.unwanted]).catch(() => {}); // the connection was lost again
    await this.ask([...this.wanted.values()].filter(({ granted, asked }) => !granted && !asked));
  }

  private async giveUp(filters: readonly string[]): Promise<void> {
    await this.connection.client.unsubscribeAsync([...filters]);
    for (const filter of filters) this.unwanted.delete(filter);
  }

  /** Resolves when the broker has answered, or the connection has ended. */
  private async ask(subscriptions: readonly Subscription[]): Promise<void> {
    const possible = this.withoutImpossible(subscriptions);
    const { limits } = this.connection;
    const bounds = { filters: this.filtersPerPacket, bytes: limits?.maximumPacketSize ?? Infinity };
    const suspects = possible.filter(({ suspect }) => suspect).map((subscription) => [subscription]);
    const packets = subscribePackets(
      possible.filter(({ suspect }) => !suspect),
      bounds,
    );
    for (const subscription of possible) subscription.asked = true;
    if (suspects.length === 0 && bounds.filters > FEW_FILTERS) {
      await Promise.all(packets.map((packet) => this.send(packet)));
      return;
    }
    for (const packet of [...packets, ...suspects]) if (!(await this.send(packet))) return;
  }

  /** Refuses filters because of which the broker has closed the connection, or that its CONNACK excludes (section 3.2.2.3). */
  private withoutImpossible(given: readonly Subscription[]): readonly Subscription[] {
    const refusedAgain = given.filter(({ filter }) => this.refused.has(filter));
    for (const subscription of refusedAgain)
      this.refuse(
        [subscription],
        () => ReasonCode.UNSPECIFIED_ERROR,
        () => 'the broker closed the connection because of it, twice',
      );
    const subscriptions = given.filter((subscription) => !refusedAgain.includes(subscription));
    if (this.connection.limits?.sharedSubscriptions !== false) return subscriptions;
    const reasonCode = ReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED;
    const shared = subscriptions.filter(({ filter }) => isShared(filter));
    this.refuse(shared, () => reasonCode, describeReasonCode);
    return subscriptions.filter(({ filter }) => !isShared(filter));
  }

  /** @returns whether the broker has answered */
  private send(packet: Subscription[]): Promise<boolean> {
    const { qos, nl = false, rap = false, rh = 0, identifier } = packet[0]!.request;
    const properties = identifier === undefined ? undefined : { subscriptionIdentifier: identifier };
    const { client, protocolVersion, answerTimeoutMs } = this.connection;
    const options = protocolVersion === 5 ? { qos, nl, rap, rh, ...(properties && { properties }) } : { qos };
    const filters = packet.map(({ filter }) => filter);
    this.unanswered.push(packet);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.late(), answerTimeoutMs);
      const settle = (suback: ISubackPacket | undefined): void => {
        clearTimeout(timer);
        const answered = suback?.granted.length === packet.length;
        if (answered) this.take(packet, suback);
        resolve(answered); // else the connection was lost; see lost()
      };
      try {
        client.subscribe(filters, options, (_error, _granted, suback) => settle(suback));
      } catch (error) {
        settle(undefined); // error of the application's messageIdProvider
        for (const subscription of packet) for (const call of subscription.calls.splice(0)) call.fail(error as Error);
      }
    });
  }

  /** The broker does not answer on this connection: reconnects. */
  private late(): void {
    const { broker, answerTimeoutMs } = this.connection;
    this.lateness = `${broker} did not answer a SUBSCRIBE within ${answerTimeoutMs} ms.`;
    this.logger.warn(`${this.lateness} Connecting again.`);
    this.connection.resume();
  }

  private take(packet: Subscription[], { granted }: ISubackPacket): void {
    const at = this.unanswered.indexOf(packet);
    if (at >= 0) this.unanswered.splice(at, 1);
    const codes = granted.map(Number);
    if (packet.some(({ suspect }) => suspect)) this.connection.suspicionCleared();
    const refused = packet.filter((subscription, i) => {
      subscription.asked = subscription.suspect = false;
      subscription.failures = 0;
      if (isFailure(codes[i])) return true;
      subscription.granted = true;
      this.connection.emit('granted', subscription.filter, codes[i] as QoS);
      subscription.settle(undefined);
      return false;
    });
    this.refuse(refused, (subscription) => codes[packet.indexOf(subscription)]!, describeReasonCode);
  }

  /** A filter was refused. The caller of a new filter gets the error, and the filter is not kept; for a restored one, the error is logged. */
  private refuse(
    subscriptions: readonly Subscription[],
    codeOf: (subscription: Subscription) => number,
    reasonOf: (reasonCode: number) => string,
  ): void {
    const untold: RefusedFilter[] = [];
    for (const subscription of subscriptions) {
      const { filter, previous } = subscription;
      const reasonCode = codeOf(subscription);
      const refusal: RefusedFilter = { filter, reasonCode, reason: reasonOf(reasonCode) };
      this.connection.emit('refused', refusal);
      const told = subscription.settle(refusal);
      if (!told) untold.push(refusal);
      if (this.wanted.get(filter) !== subscription) continue;
      if (previous) {
        this.wanted.set(filter, previous);
        if (!previous.granted && this.connection.connected) void this.ask([previous]);
      } else if (told) this.wanted.delete(filter);
    }
    if (untold.length > 0) this.logger.error(new SubscriptionRefusedError(untold).message);
  }

  private lost(loss: Loss): void {
    const [first] = this.unanswered;
    const cut = new Set(this.unanswered.splice(0).flat());
    for (const subscription of this.wanted.values()) subscription.asked = false;
    for (const subscription of cut) subscription.mayBeGranted();
    // the quota may be another one, but fewer filters in a packet do no harm
    const tooMany = loss.reasonCode === ReasonCode.QUOTA_EXCEEDED && first !== undefined && first.length > FEW_FILTERS;
    if (first && (loss.hangUp || tooMany)) this.blame(first, cut, loss);
    else if (!loss.hangUp) this.trustAll();
    for (const subscription of cut) this.cutShort(subscription, loss);
    this.lateness = undefined;
  }

  /** The broker answers in order: if a packet caused the loss, it is the first unanswered one. */
  private blame(packet: readonly Subscription[], cut: ReadonlySet<Subscription>, loss: Loss): void {
    if (loss.reasonCode === ReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED) {
      const all = new Set([...cut, ...this.wanted.values()]);
      const refused = [...all].filter(({ filter, granted }) => isShared(filter) && !granted);
      this.refuseBy(loss, refused, describeReasonCode);
    } else if (packet.length > FEW_FILTERS) {
      this.filtersPerPacket = FEW_FILTERS;
      const { broker } = this.connection;
      this.logger.warn(
        `${broker} closed the connection after a SUBSCRIBE with ${packet.length} filters: from now on ${FEW_FILTERS} are sent in each. Set maxFiltersPerSubscribe to the limit of the broker.`,
      );
    } else if (packet.length === 1 && packet[0]!.suspect) {
      loss.explained = true; // reconnects at once: this fails if the broker was killed, and succeeds if it closed the connection
      this.pendingRefusal = { packet, loss };
      if (loss.reasonCode !== undefined) this.applyPendingRefusal();
    } else {
      loss.suspected = true;
      for (const subscription of packet) subscription.suspect = true;
      if (!isShared(packet[0]!.filter)) return;
      for (const subscription of cut) if (isShared(subscription.filter)) subscription.suspect = true; // all Shared Subscriptions may be affected
    }
  }

  private applyPendingRefusal(): void {
    const { pendingRefusal } = this;
    if (!pendingRefusal) return;
    this.pendingRefusal = undefined;
    const { packet, loss } = pendingRefusal;
    this.refuseBy(loss, packet, () => reasonOfHangUp(loss));
  }

  private refuseBy(loss: Loss, subscriptions: readonly Subscription[], reasonOf: (reasonCode: number) => string): void {
    loss.explained = true;
    this.refuse(subscriptions, () => loss.reasonCode ?? ReasonCode.UNSPECIFIED_ERROR, reasonOf);
    for (const { filter } of subscriptions) {
      this.wanted.delete(filter); // it would close the next connection too
      this.refused.add(filter);
    }
  }

  private trustAll(): void {
    this.pendingRefusal = undefined;
    for (const subscription of this.wanted.values()) subscription.suspect = false;
  }

  private cutShort(subscription: Subscription, { broker }: Loss): void {
    const current = this.wanted.get(subscription.filter);
    if (current && current !== subscription) current.calls.push(...subscription.calls.splice(0));
    if (subscription.calls.length === 0 || ++subscription.failures < MAX_ASKED) return;
    const cause = this.connection.lastError;
    const reason = this.lateness ?? cause?.message ?? 'The connection was lost each time.';
    const what = `Subscribing "${subscription.filter}" on ${broker} was given up after ${MAX_ASKED} attempts. ${reason}`;
    for (const call of subscription.calls.splice(0)) call.fail(new ConnectionClosedError(what, false, { cause }));
    this.wanted.delete(subscription.filter);
  }

  private end(cause: Error | undefined): void {
    const { broker } = this.connection;
    for (const subscription of [...this.wanted.values(), ...this.unanswered.flat()]) {
      const what = `The connection to ${broker} ended before it answered about "${subscription.filter}".`;
      const error = cause ?? new ConnectionClosedError(what, false);
      for (const call of subscription.calls.splice(0)) call.fail(error);
    }
  }
}
