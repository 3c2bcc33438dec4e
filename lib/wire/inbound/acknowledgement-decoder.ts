import { ReasonCode } from '../../protocol/reason-code.js';
import type { Frame } from './frame-reader.js';
import { checkReasonCode } from './known-reason-codes.js';
import { packetNameOf, PacketType, packetTypeOf } from './packet-type.js';
import { checkProperties, REASON_PROPERTIES } from './property-section.js';
import { hex, malformed, type ProtocolViolation } from './protocol-violation.js';

// PUBACK, PUBREC, PUBREL and PUBCOMP (sections 3.4 to 3.7) differ in their first byte and in their reason codes.

const PUBACK = PacketType.PUBACK << 4;
const PUBREC = PacketType.PUBREC << 4;
/** [MQTT-3.6.1-1]: its flags are not 0. */
const PUBREL = (PacketType.PUBREL << 4) | 0b0010;
const PUBCOMP = PacketType.PUBCOMP << 4;
export const IDENTIFIER_BYTES = 2;

/**
 * Packet Identifier of a PUBACK, PUBREC, PUBREL or PUBCOMP.
 *
 * @throws ProtocolViolation when the flags are wrong, or there is no identifier, or it is 0
 */
export function packetIdentifierOf(frame: Frame): number {
  const { bytes, start } = frame;
  const header = bytes[start]!;
  if (header !== PUBACK && header !== PUBREC && header !== PUBREL && header !== PUBCOMP) {
    throw malformed(`The ${packetNameOf(frame)} has the flags ${hex(header & 0x0f)} [MQTT-2.1.3-1]`);
  }
  return identifierIn(frame);
}

/**
 * Packet Identifier of any packet whose variable header begins with it.
 *
 * @throws ProtocolViolation when there is none, or it is 0
 */
export function identifierIn(frame: Frame): number {
  const { bytes, body, end } = frame;
  if (end - body < IDENTIFIER_BYTES) throw withoutIdentifier(frame);
  const identifier = (bytes[body]! << 8) | bytes[body + 1]!;
  if (identifier === 0) throw malformed(`The ${packetNameOf(frame)} has the Packet Identifier 0 [MQTT-2.2.1-3]`);
  return identifier;
}

/**
 * Reason code of a PUBACK, PUBREC, PUBREL or PUBCOMP: 0 where it has none.
 *
 * @throws ProtocolViolation when the bytes after the Packet Identifier are invalid
 */
export function reasonCodeOf(frame: Frame, protocolVersion: 4 | 5): number {
  const { bytes, body, end } = frame;
  const length = end - body;
  if (length === IDENTIFIER_BYTES) return ReasonCode.SUCCESS;
  if (length < IDENTIFIER_BYTES) throw withoutIdentifier(frame);
  const type = packetTypeOf(frame);
  const packet = PacketType[type]!;
  if (protocolVersion === 4) {
    throw malformed(`The ${packet} has ${length} bytes, but on 3.1.1 it must have 2 (section 3.${type}.1)`);
  }
  const reasonCode = bytes[body + IDENTIFIER_BYTES]!;
  checkReasonCode(reasonCode, type);
  const at = body + IDENTIFIER_BYTES + 1;
  if (at < end && checkProperties(bytes, at, end, { packet, allowed: REASON_PROPERTIES }) !== end) {
    throw malformed(`The ${packet} has bytes after its properties (section 3.${type}.2.2)`);
  }
  return reasonCode;
}

function withoutIdentifier(frame: Frame): ProtocolViolation {
  return malformed(`The ${packetNameOf(frame)} has no Packet Identifier (section 2.2.1)`);
}
