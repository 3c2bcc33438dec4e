import type { Packet } from 'mqtt-packet';
import { TopicFilter } from '../../protocol/topic-filter.js';
import type { Direction } from '../broker-events.js';
import type { WirePacket } from './packet-rules.js';

/** Type of a control packet, for example `publish`. */
export type PacketCmd = Packet['cmd'];

/** Selects packets. Omitted conditions match all packets. */
export interface PacketSelection {
  /** Type of control packet, or several: `'publish'`, `['puback', 'pubrec']`. */
  cmd?: PacketCmd | readonly PacketCmd[];
  clientId?: string;
  /** Topic Filter: selects only PUBLISH packets on matching topics. */
  topic?: string;
  /** Maximum number of packets. Default: all. */
  times?: number;
  /** Any further condition. */
  when?: (packet: Packet, clientId: string | undefined) => boolean;
}

/** A type of packet, a selection, or a predicate. */
export type PacketMatch = PacketCmd | PacketSelection | NonNullable<PacketSelection['when']>;

/**
 * Converts a selection to a predicate that counts its matches.
 * @throws InvalidTopicError when `topic` is not a valid Topic Filter
 */
export function packetMatcher(direction: Direction, match: PacketMatch): (wire: WirePacket) => boolean {
  const selection = toSelection(match);
  const cmds = selection.cmd === undefined ? undefined : [selection.cmd].flat();
  const filter = selection.topic === undefined ? undefined : TopicFilter.parse(selection.topic);
  let left = selection.times ?? Infinity;
  return (wire) => {
    const { packet, clientId } = wire;
    const chosen =
      left > 0 &&
      wire.direction === direction &&
      (cmds?.includes(packet.cmd) ?? true) &&
      (selection.clientId === undefined || selection.clientId === clientId) &&
      (filter === undefined || (packet.cmd === 'publish' && filter.matches(packet.topic))) &&
      (selection.when?.(packet, clientId) ?? true);
    if (chosen) left--;
    return chosen;
  };
}

function toSelection(match: PacketMatch): PacketSelection {
  if (typeof match === 'string') return { cmd: match };
  return typeof match === 'function' ? { when: match } : match;
}
