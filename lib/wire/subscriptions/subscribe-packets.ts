import type { QoS } from '../../protocol/application-message.js';
import { isShared } from '../../protocol/topic-filter.js';

/** One subscription as the broker is asked for it. */
export interface SubscriptionRequest {
  /** Topic Filter, `$share/<group>/` included. */
  readonly filter: string;
  readonly qos: QoS;
  readonly nl?: boolean | undefined;
  readonly rap?: boolean | undefined;
  readonly rh?: number | undefined;
  /** Subscription Identifier (5.0). */
  readonly identifier?: number | undefined;
}

/** How much one SUBSCRIBE may hold. */
export interface PacketBounds {
  readonly filters: number;
  /** Bytes of the whole packet. */
  readonly bytes: number;
}

/** Bytes of filters in one SUBSCRIBE, for brokers that do not say what they take. */
const MAX_BYTES = 65_536;
/** Options byte and length of a filter, and what the packet itself needs (section 3.8). */
const BYTES_PER_FILTER = 3;
const PACKET_OVERHEAD = 32;

/**
 * Deals subscriptions to SUBSCRIBE packets. A packet holds one Subscription Identifier; filters that share it share their options
 * too, so that MQTT.js can be given a list: it would take a map's key `resubscribe` for an option.
 *
 * A Shared Subscription goes alone. HiveMQ CE tells a client's shared queues before it has stored the filters of a SUBSCRIBE that holds
 * several: right after CONNECT it may then take the client for one without Shared Subscriptions, and deliver no more to it.
 */
export function subscribePackets<T extends { readonly request: SubscriptionRequest }>(
  subscriptions: readonly T[],
  bounds: PacketBounds,
): T[][] {
  const mostBytes = Math.min(MAX_BYTES, bounds.bytes) - PACKET_OVERHEAD;
  const packets: T[][] = [];
  const open = new Map<number, { packet: T[]; bytes: number }>();
  for (const subscription of subscriptions) {
    const { request } = subscription;
    if (isShared(request.filter)) {
      packets.push([subscription]);
      continue;
    }
    const bytes = Buffer.byteLength(request.filter) + BYTES_PER_FILTER;
    const kind = kindOf(request);
    let target = open.get(kind);
    if (!target || target.packet.length >= bounds.filters || target.bytes + bytes > mostBytes) {
      target = { packet: [], bytes: 0 };
      open.set(kind, target);
      packets.push(target.packet);
    }
    target.packet.push(subscription);
    target.bytes += bytes;
  }
  return packets;
}

/** A number for all requests that have identifier and options in common: they fit in one packet. */
function kindOf({ identifier = 0, qos, nl = false, rap = false, rh = 0 }: SubscriptionRequest): number {
  return identifier * 64 + rh * 16 + Number(rap) * 8 + Number(nl) * 4 + qos;
}
