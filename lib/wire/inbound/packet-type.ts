import type { Frame } from './frame-reader.js';

/** Control Packet types (section 2.1.2). */
export enum PacketType {
  /** Reserved. */
  NONE = 0,
  CONNECT = 1,
  CONNACK = 2,
  PUBLISH = 3,
  PUBACK = 4,
  PUBREC = 5,
  PUBREL = 6,
  PUBCOMP = 7,
  SUBSCRIBE = 8,
  SUBACK = 9,
  UNSUBSCRIBE = 10,
  UNSUBACK = 11,
  PINGREQ = 12,
  PINGRESP = 13,
  DISCONNECT = 14,
  /** 5.0 only. */
  AUTH = 15,
}

/** Type of a packet, also one that a broker must not send. */
export function packetTypeOf({ bytes, start }: Frame): number {
  return bytes[start]! >> 4;
}

/** Name of a packet, for errors: `PUBREL`. */
export function packetNameOf(frame: Frame): string {
  return PacketType[packetTypeOf(frame)]!;
}
