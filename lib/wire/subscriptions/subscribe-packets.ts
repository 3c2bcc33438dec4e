import type { QoS } from '../../protocol/application-message.js';
import { isShared } from '../../protocol/topic-filter.js';

/** One subscription of a SUBSCRIBE. */
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

/** Limits of one SUBSCRIBE. */
export interface PacketBounds {
  readonly filters: number;
  /** Maximum size of the packet in bytes. */
  readonly bytes: number;
}

/** Maximum size of a SUBSCRIBE, for brokers without Maximum Packet Size. */
const MAX_BYTES = 65_536;
/** Size of the options byte and length of a filter, and of the rest of the packet (section 3.8). */
const BYTES_PER_FILTER = 3;
const PACKET_OVERHEAD = 32;

/**
 * Distributes subscriptions among SUBSCRIBE packets. A packet has one Subscription Identifier. Its filters also have the same options, so
 * that they can be passed to MQTT.js as a list: in a map, the key `resubscribe` would be read as an option.
 *
 * A Shared Subscription has its own packet. HiveMQ CE notifies a client's shared queues before it has stored the filters of a SUBSCRIBE with
 * several: right after CONNECT it may then treat the client as one without Shared Subscriptions, and stop delivering to it.
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

/** A number that is equal for requests with equal identifier and options, which can share a packet. */
function kindOf({ identifier = 0, qos, nl = false, rap = false, rh = 0 }: SubscriptionRequest): number {
  return identifier * 64 + rh * 16 + Number(rap) * 8 + Number(nl) * 4 + qos;
}
