import { ReasonCode } from '../../protocol/reason-code.js';

/** The broker sent what the specification forbids (section 4.13): the connection cannot go on. */
export class ProtocolViolation extends Error {
  /**
   * @param reasonCode what the DISCONNECT says that ends the connection (section 3.14.2.1)
   * @param message names the packet, the field and the section or the id of the specification, never a payload
   */
  constructor(
    readonly reasonCode: ReasonCode,
    message: string,
  ) {
    super(message);
    this.name = 'ProtocolViolation';
  }
}

/** Bytes that cannot be read as the packet that they say they are (section 1.2, "Malformed Packet"). */
export function malformed(message: string): ProtocolViolation {
  return new ProtocolViolation(ReasonCode.MALFORMED_PACKET, message);
}

/** A packet that can be read, and contains what is not allowed, there or then (section 1.2, "Protocol Error"). */
export function protocolError(message: string): ProtocolViolation {
  return new ProtocolViolation(ReasonCode.PROTOCOL_ERROR, message);
}

/** A byte as specification and logs write it: `0x0b`. */
export function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}
