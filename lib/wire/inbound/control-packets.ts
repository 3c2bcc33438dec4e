import { parser, type Packet } from 'mqtt-packet';
import { AUTHENTICATION_DATA, AUTHENTICATION_METHOD, SERVER_REFERENCE } from '../../protocol/property-identifier.js';
import { IDENTIFIER_BYTES, identifierIn, packetIdentifierOf, reasonCodeOf } from './acknowledgement-decoder.js';
import { checkConnack } from './connack-check.js';
import type { Frame } from './frame-reader.js';
import { checkReasonCode } from './known-reason-codes.js';
import { packetNameOf, PacketType, packetTypeOf } from './packet-type.js';
import { checkProperties, REASON_PROPERTIES } from './property-section.js';
import { hex, malformed, protocolError } from './protocol-violation.js';

const DISCONNECT_RULES = { packet: 'DISCONNECT', allowed: [...REASON_PROPERTIES, SERVER_REFERENCE] };
const AUTH_RULES = {
  packet: 'AUTH',
  allowed: [...REASON_PROPERTIES, AUTHENTICATION_METHOD, AUTHENTICATION_DATA],
  required: AUTHENTICATION_METHOD,
};
/** Return codes of a SUBACK of 3.1.1 [MQTT-3.9.3-2 there]. */
const SUBACK_RETURN_CODES: readonly number[] = [0, 1, 2, 0x80];

/**
 * Checks a packet of any type except PUBLISH: it must be valid from a broker, and acceptable to MQTT.js.
 *
 * @throws ProtocolViolation
 */
export function checkControlPacket(frame: Frame, protocolVersion: 4 | 5): void {
  const type = packetTypeOf(frame);
  if (type === PacketType.NONE || (type === PacketType.AUTH && protocolVersion === 4)) {
    throw malformed(`A packet has the type ${type}, which does not exist (section 2.1.2)`);
  }
  switch (type) {
    case PacketType.PUBLISH:
      throw new TypeError('A PUBLISH is for the PublishDecoder.');
    case PacketType.PUBACK:
    case PacketType.PUBREC:
    case PacketType.PUBREL:
    case PacketType.PUBCOMP:
      packetIdentifierOf(frame);
      reasonCodeOf(frame, protocolVersion);
      return;
    case PacketType.CONNACK:
      checkFlags(frame);
      checkConnack(frame, protocolVersion);
      return;
    case PacketType.SUBACK:
      checkFlags(frame);
      checkSuback(frame, protocolVersion);
      return;
    case PacketType.UNSUBACK:
      checkFlags(frame);
      checkUnsuback(frame, protocolVersion);
      return;
    case PacketType.PINGRESP:
      checkFlags(frame);
      if (frame.end > frame.body) throw malformed('The PINGRESP is not empty (section 3.13.1)');
      return;
    case PacketType.AUTH:
      checkFlags(frame);
      checkAuth(frame);
      return;
    case PacketType.DISCONNECT:
      if (protocolVersion === 4) break;
      checkFlags(frame);
      checkDisconnect(frame);
      return;
    case PacketType.CONNECT:
    case PacketType.SUBSCRIBE:
    case PacketType.UNSUBSCRIBE:
    case PacketType.PINGREQ:
  }
  throw protocolError(`A ${packetNameOf(frame)} arrived from the broker, but only clients send it (section 2.1.2)`);
}

/**
 * Decodes a packet that has passed {@link checkControlPacket}.
 *
 * @throws ProtocolViolation
 */
export function decodeControlPacket({ bytes, start, end, owned }: Frame, protocolVersion: 4 | 5): Packet {
  const packets: Packet[] = [];
  const problems: Error[] = [];
  const reader = parser({ protocolVersion }); // a parser for one packet: after an error it must not be reused
  reader.on('packet', (packet) => packets.push(packet));
  reader.on('error', (error: Error) => problems.push(error));
  const packet = bytes.subarray(start, end);
  reader.parse(owned ? packet : Buffer.from(packet)); // binary properties are slices of this buffer
  if (problems[0]) throw malformed(`A packet cannot be decoded: ${problems[0].message}`);
  if (!packets[0]) throw malformed('A packet cannot be decoded');
  return packets[0];
}

function checkFlags(frame: Frame): void {
  const flags = frame.bytes[frame.start]! & 0x0f;
  if (flags !== 0) throw malformed(`The ${packetNameOf(frame)} has the flags ${hex(flags)} [MQTT-2.1.3-1]`);
}

function checkSuback(frame: Frame, protocolVersion: 4 | 5): void {
  if (protocolVersion === 5) return checkAnswers(frame, PacketType.SUBACK);
  const { bytes, end } = frame;
  const codes = bytes.subarray(endOfIdentifier(frame), end);
  if (codes.length === 0) throw protocolError('The SUBACK has no return code (section 3.9.3)');
  for (const code of codes) {
    if (!SUBACK_RETURN_CODES.includes(code)) {
      throw protocolError(`The SUBACK has the return code ${hex(code)} [MQTT-3.9.3-2]`);
    }
  }
}

function checkUnsuback(frame: Frame, protocolVersion: 4 | 5): void {
  if (protocolVersion === 5) return checkAnswers(frame, PacketType.UNSUBACK);
  if (endOfIdentifier(frame) !== frame.end) {
    throw malformed('The UNSUBACK has bytes after its Packet Identifier (section 3.11.1)');
  }
}

/** Checks the reason codes of a SUBACK or UNSUBACK of 5.0 (sections 3.9 and 3.11). */
function checkAnswers(frame: Frame, type: number): void {
  const { bytes, end } = frame;
  const packet = PacketType[type]!;
  const codes = checkProperties(bytes, endOfIdentifier(frame), end, { packet, allowed: REASON_PROPERTIES });
  if (codes === end) throw protocolError(`The ${packet} has no reason code (section 3.${type}.3)`);
  for (let at = codes; at < end; at++) checkReasonCode(bytes[at]!, type);
}

function endOfIdentifier(frame: Frame): number {
  identifierIn(frame); // validates it; MQTT.js reads it
  return frame.body + IDENTIFIER_BYTES;
}

function checkDisconnect({ bytes, body, end }: Frame): void {
  if (body === end) return; // the reason code is 0 (section 3.14.2.1)
  checkReasonCode(bytes[body]!, PacketType.DISCONNECT);
  const at = body + 1;
  if (at < end && checkProperties(bytes, at, end, DISCONNECT_RULES) !== end) {
    throw malformed('The DISCONNECT has bytes after its properties (section 3.14.2.2)');
  }
}

function checkAuth({ bytes, body, end }: Frame): void {
  // Section 3.15.2.1 allows it to be empty; section 3.15.2.2.2 and MQTT.js do not.
  if (body === end) throw protocolError('The AUTH has no Authentication Method (section 3.15.2.2.2)');
  checkReasonCode(bytes[body]!, PacketType.AUTH);
  if (checkProperties(bytes, body + 1, end, AUTH_RULES) !== end) {
    throw malformed('The AUTH has bytes after its properties (section 3.15.2.2)');
  }
}
