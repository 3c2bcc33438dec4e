import { generate, parser, type Packet } from 'mqtt-packet';

/** Stored as 5.0, since 3.1.1 has no properties. */
const VERSION = { protocolVersion: 5 };

/**
 * Encodes a packet as on the wire of MQTT 5.0.
 *
 * @throws Error when it is not a packet
 */
export function encodePacket(packet: Packet): Buffer {
  return generate(packet, VERSION);
}

/** @throws Error when the bytes are not exactly one packet */
export function decodePacket(bytes: Buffer): Packet {
  const packets: Packet[] = [];
  let failure: Error | undefined;
  const reader = parser(VERSION);
  reader.on('packet', (packet) => packets.push(packet));
  reader.on('error', (error: Error) => (failure = error));
  const left = reader.parse(bytes);
  if (failure) throw failure;
  if (packets.length !== 1 || left > 0) throw new Error(`${bytes.length} bytes are not one packet`);
  return packets[0]!;
}
