import type { Packet } from 'mqtt-packet';
import type { Direction } from '../broker-events.js';

/** What a fault can do to a connection. */
export interface FaultTarget {
  /** Nothing more is written: the client hears no answer. */
  mute(): void;
  /** Does `task` once all packets received so far are handled. */
  enqueue(task: () => void): void;
  /** Does `task` later, unless the connection is gone by then. */
  after(ms: number, task: () => void): void;
  /** Ends the connection without DISCONNECT; `flush`: when what was written is on its way. */
  cut(options?: { flush?: boolean }): void;
  disconnect(reasonCode: number): void;
}

/** A control packet between the wire and the broker. */
export interface WirePacket {
  readonly direction: Direction;
  readonly packet: Packet;
  /** Undefined until a CONNECT has named the client. */
  readonly clientId: string | undefined;
  readonly connection: FaultTarget;
}

/** Lets a packet go on its way, as often and as changed as wanted. */
export type Forward = (packet: Packet) => void;

/** Takes a packet into its hands (true), or leaves it to others (false). */
export type PacketRule = (wire: WirePacket, forward: Forward) => boolean;

/** Faults on the way of packets, in both directions. The first rule that takes a packet decides about it. */
export class PacketRules {
  private readonly rules = new Set<PacketRule>();

  /** Returns what takes the rule away. */
  add(rule: PacketRule): () => void {
    this.rules.add(rule);
    return () => void this.rules.delete(rule);
  }

  apply(wire: WirePacket, forward: Forward): void {
    for (const rule of this.rules) if (rule(wire, forward)) return;
    forward(wire.packet);
  }
}
