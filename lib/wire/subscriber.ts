import type { Logger } from '@nestjs/common';
import type { ISubackPacket } from 'mqtt-packet';
import { ConnectionClosedError } from '../errors/connection-closed.error.js';
import { ConnectionRefusedError } from '../errors/connection-refused.error.js';
import { SubscriptionRefusedError, type RefusedFilter } from '../errors/subscription-refused.error.js';
import type { QoS } from '../protocol/application-message.js';
import { describeReasonCode, isFailure, ReasonCode } from '../protocol/reason-code.js';
import type { Connection } from './connection.js';

/** One subscription as the broker is asked for it. */
export interface SubscriptionRequest {
  /** Topic Filter, `$share/<group>/` included. */
  readonly filter: string;
  readonly qos: QoS;
  readonly nl?: boolean;
  readonly rap?: boolean;
  readonly rh?: number;
  /** Subscription Identifier (5.0). */
  readonly identifier?: number | undefined;
}

/** Filters in one SUBSCRIBE: 5,000 patterns take 10 packets, and one packet stays small enough for any broker's limit. */
const FILTERS_PER_PACKET = 500;
/** Bytes of filters in one SUBSCRIBE, for brokers that do not say what they take. */
const BYTES_PER_PACKET = 65_536;
/** Options byte and length of a filter, and what the packet itself needs (section 3.8). */
const BYTES_PER_FILTER = 3;
const PACKET_OVERHEAD = 32;

/**
 * Keeps the subscriptions of a connection: asks for them in as few packets as may be, checks every SUBACK, and asks again when
 * the broker has lost the session.
 *
 * @internal
 */
export class Subscriber {
  private readonly wanted = new Map<string, SubscriptionRequest>();
  private readonly granted = new Set<string>();

  constructor(
    private readonly connection: Connection,
    private readonly logger: Logger,
  ) {
    connection.on('session', ({ sessionPresent }) => {
      if (!sessionPresent) this.granted.clear();
    });
  }

  /** Filters that the broker has granted in the present session. */
  get grantedCount(): number {
    return this.granted.size;
  }

  /** Whether the broker has granted a filter in the present session. */
  isGranted(filter: string): boolean {
    return this.granted.has(filter);
  }

  get wantedCount(): number {
    return this.wanted.size;
  }

  /**
   * Subscribes, and keeps subscribed from then on.
   *
   * @throws SubscriptionRefusedError that names every filter that the broker refused; these are not kept
   */
  async subscribe(requests: readonly SubscriptionRequest[]): Promise<void> {
    for (const request of requests) this.wanted.set(request.filter, request);
    const refused = await this.request(requests);
    if (refused.length === 0) return;
    for (const { filter } of refused) this.wanted.delete(filter);
    throw new SubscriptionRefusedError(refused);
  }

  /** Unsubscribes. On a connection that is gone there is nothing to do: a new session does not ask for it again. */
  async unsubscribe(filters: readonly string[]): Promise<void> {
    for (const filter of filters) {
      this.wanted.delete(filter);
      this.granted.delete(filter);
    }
    const { client } = this.connection;
    if (this.connection.connected) await client.unsubscribeAsync([...filters]);
  }

  /** Asks for what this session lacks. What is refused stays wanted, so that the next session tries it again. */
  async restore(): Promise<void> {
    const missing = [...this.wanted.values()].filter(({ filter }) => !this.granted.has(filter));
    if (missing.length === 0) return;
    const refused = await this.request(missing);
    if (refused.length > 0) this.logger.error(new SubscriptionRefusedError(refused).message);
  }

  private async request(requests: readonly SubscriptionRequest[]): Promise<RefusedFilter[]> {
    const [possible, refused] = this.withoutImpossible(requests);
    const results = await Promise.all(this.packets(possible).map((packet) => this.send(packet)));
    return [...refused, ...results.flat()];
  }

  /** What the CONNACK rules out is not asked for: some brokers end the connection over it (section 3.2.2.3). */
  private withoutImpossible(requests: readonly SubscriptionRequest[]): [SubscriptionRequest[], RefusedFilter[]] {
    const { limits } = this.connection;
    if (limits?.sharedSubscriptions !== false) return [[...requests], []];
    const reasonCode = ReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED;
    const shared = requests.filter(({ filter }) => filter.startsWith('$share/'));
    return [
      requests.filter(({ filter }) => !filter.startsWith('$share/')),
      shared.map(({ filter }) => ({ filter, reasonCode, reason: describeReasonCode(reasonCode) })),
    ];
  }

  /**
   * A SUBSCRIBE holds one Subscription Identifier, many filters, and no more bytes than the broker takes. Filters that share a
   * packet share their options too, so that MQTT.js can be given a list: it would take a map's key `resubscribe` for an option.
   */
  private packets(requests: readonly SubscriptionRequest[]): SubscriptionRequest[][] {
    const most = Math.min(BYTES_PER_PACKET, this.connection.limits?.maximumPacketSize ?? Infinity) - PACKET_OVERHEAD;
    const packets: SubscriptionRequest[][] = [];
    const open = new Map<number, { packet: SubscriptionRequest[]; bytes: number }>();
    for (const request of requests) {
      const bytes = Buffer.byteLength(request.filter) + BYTES_PER_FILTER;
      const kind = kindOf(request);
      let target = open.get(kind);
      if (!target || target.packet.length === FILTERS_PER_PACKET || target.bytes + bytes > most) {
        target = { packet: [], bytes: 0 };
        open.set(kind, target);
        packets.push(target.packet);
      }
      target.packet.push(request);
      target.bytes += bytes;
    }
    return packets;
  }

  private send(packet: readonly SubscriptionRequest[]): Promise<RefusedFilter[]> {
    const { qos, nl = false, rap = false, rh = 0, identifier } = packet[0]!;
    const properties = identifier === undefined ? undefined : { subscriptionIdentifier: identifier };
    const options =
      this.connection.protocolVersion === 5 ? { qos, nl, rap, rh, ...(properties && { properties }) } : { qos };
    const filters = packet.map(({ filter }) => filter);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(this.unanswered()), this.connection.answerTimeoutMs);
      this.connection.client.subscribe(filters, options, (error, _granted, suback) => {
        clearTimeout(timer);
        if (suback) resolve(this.take(filters, suback));
        else reject(this.cutShort(filters, error));
      });
    });
  }

  private unanswered(): Error {
    const { broker, answerTimeoutMs } = this.connection;
    return new ConnectionClosedError(`${broker} did not answer a SUBSCRIBE within ${answerTimeoutMs} ms.`, false);
  }

  private cutShort(filters: readonly string[], error: Error | null): Error {
    const cause = this.connection.lastError ?? error;
    const reasonCode = ReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED;
    if (cause instanceof ConnectionRefusedError && cause.reasonCode === reasonCode) {
      // some brokers end the connection over it rather than refuse the filter
      const shared = filters.filter((filter) => filter.startsWith('$share/'));
      return new SubscriptionRefusedError(
        shared.map((filter) => ({ filter, reasonCode, reason: describeReasonCode(reasonCode) })),
        { cause },
      );
    }
    return new ConnectionClosedError(
      `Subscribing on ${this.connection.broker} was cut short. ${cause?.message ?? 'No answer came.'}`,
      false,
      { cause },
    );
  }

  private take(filters: readonly string[], { granted }: ISubackPacket): RefusedFilter[] {
    const refused: RefusedFilter[] = [];
    for (const [i, filter] of filters.entries()) {
      const reasonCode = Number(granted[i]);
      if (isFailure(reasonCode)) refused.push({ filter, reasonCode, reason: describeReasonCode(reasonCode) });
      else this.granted.add(filter);
    }
    return refused;
  }
}

/** A number for all requests that have identifier and options in common: they fit in one packet. */
function kindOf({ identifier = 0, qos, nl = false, rap = false, rh = 0 }: SubscriptionRequest): number {
  return identifier * 64 + rh * 16 + Number(rap) * 8 + Number(nl) * 4 + qos;
}
