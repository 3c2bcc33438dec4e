import { ReasonCode } from '../../protocol/reason-code.js';

/** The broker violated the specification (section 4.13): the connection is closed. */
export class ProtocolViolation extends Error {
  /**
   * @param reasonCode reason code of the DISCONNECT (section 3.14.2.1)
   * @param message names the packet, the field, and the section or id of the specification; never contains a payload
   */
  constructor(
    readonly reasonCode: ReasonCode,
    message: string,
  ) {
    super(message);
    this.name = 'ProtocolViolation';
  }
}

/** A packet that cannot be parsed (section 1.2, "Malformed Packet"). */
export function malformed(message: string): ProtocolViolation {
  return new ProtocolViolation(ReasonCode.MALFORMED_PACKET, message);
}

/** A packet that can be parsed, but has data that is not allowed (section 1.2, "Protocol Error"). */
export function protocolError(message: string): ProtocolViolation {
  return new ProtocolViolation(ReasonCode.PROTOCOL_ERROR, message);
}

/** A byte as in the specification: `0x0b`. */
export function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}
