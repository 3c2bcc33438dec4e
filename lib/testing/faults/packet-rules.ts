import type { Packet } from 'mqtt-packet';
import type { Direction } from '../broker-events.js';

/** Operations of a fault on a connection. */
export interface FaultTarget {
  /** Stops writing: the client gets no further packets. */
  mute(): void;
  /** Runs `task` after all packets received so far are handled. */
  enqueue(task: () => void): void;
  /** Runs `task` later, unless the connection has ended by then. */
  after(ms: number, task: () => void): void;
  /** Ends the connection without DISCONNECT; `flush`: after written bytes are sent. */
  cut(options?: { flush?: boolean }): void;
  disconnect(reasonCode: number): void;
}

/** A control packet between the network and the broker. */
export interface WirePacket {
  readonly direction: Direction;
  readonly packet: Packet;
  /** Undefined before the CONNECT. */
  readonly clientId: string | undefined;
  readonly connection: FaultTarget;
}

/** Passes a packet on; may be called several times, and with a changed packet. */
export type Forward = (packet: Packet) => void;

/** Handles a packet (true), or leaves it to other rules (false). */
export type PacketRule = (wire: WirePacket, forward: Forward) => boolean;

/** The faults of packets in both directions. The first rule that handles a packet applies. */
export class PacketRules {
  private readonly rules = new Set<PacketRule>();

  /** @returns a function that removes the rule */
  add(rule: PacketRule): () => void {
    this.rules.add(rule);
    return () => void this.rules.delete(rule);
  }

  apply(wire: WirePacket, forward: Forward): void {
    for (const rule of this.rules) if (rule(wire, forward)) return;
    forward(wire.packet);
  }
}
