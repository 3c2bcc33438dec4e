import { parser, type Packet } from 'mqtt-packet';
import { ReasonCode } from '../../protocol/reason-code.js';
import type { PublishPacket } from '../broker-message.js';
import { checkPacket } from './packet-checks.js';
import { ProtocolViolation } from './protocol-violation.js';
import { readUserProperties } from './user-property-bytes.js';
import { MAX_VARIABLE_BYTES, readVariableByteInteger } from './variable-byte-integer.js';

/**
 * Bytes of one connection to control packets.
 *
 * It cuts the bytes into packets itself: so a packet that is too large is refused by its header, before it is
 * there, and every packet's own bytes are at hand for what `mqtt-packet` does not look at.
 */
export class PacketReader {
  private readonly parser = parser();
  private readonly chunks: Buffer[] = [];
  private buffered = 0;
  /** Bytes that must be there before another look is worth it. */
  private wanted = 2;
  private protocolVersion = 4;
  private parsed: Packet | undefined;
  private problem: Error | undefined;

  constructor(private readonly maximumPacketSize: number) {
    this.parser.on('packet', (packet) => (this.parsed = packet));
    this.parser.on('error', (error: Error) => (this.problem = error));
  }

  /** @throws ProtocolViolation at the first packet that is not one */
  *read(chunk: Buffer): Generator<Packet> {
    this.chunks.push(chunk);
    this.buffered += chunk.length;
    if (this.buffered < this.wanted) return;
    let bytes = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks);
    let length = this.packetLength(bytes);
    while (length !== undefined && length <= bytes.length) {
      const packet = this.parse(bytes.subarray(0, length));
      bytes = bytes.subarray(length);
      yield packet;
      length = this.packetLength(bytes);
    }
    this.wanted = length ?? bytes.length + 1;
    this.chunks.splice(0, Infinity, bytes);
    this.buffered = bytes.length;
  }

  /** Undefined while the length itself is not there yet. */
  private packetLength(bytes: Buffer): number | undefined {
    let complete = false;
    for (let i = 1; i <= MAX_VARIABLE_BYTES && i < bytes.length && !complete; i++) complete = bytes[i]! < 0x80;
    if (!complete && bytes.length <= MAX_VARIABLE_BYTES) return undefined;
    if (!complete) throw malformed('The Remaining Length of a packet is too long');
    const { value, length } = readVariableByteInteger(bytes, 1);
    const total = 1 + length + value;
    if (total > this.maximumPacketSize) {
      // [MQTT-3.2.2-15]
      throw new ProtocolViolation(
        ReasonCode.PACKET_TOO_LARGE,
        `A packet of ${total} bytes exceeds the Maximum Packet Size of ${this.maximumPacketSize}`,
      );
    }
    return total;
  }

  private parse(frame: Buffer): Packet {
    this.parsed = this.problem = undefined;
    this.parser.parse(frame);
    // Assigned by the parser's events, which type narrowing does not see.
    const problem = this.problem as Error | undefined;
    const packet = this.parsed as Packet | undefined;
    if (problem) throw unreadable(frame, problem);
    if (!packet) throw malformed('A packet cannot be read');
    if (packet.cmd === 'connect') this.protocolVersion = packet.protocolVersion ?? this.protocolVersion;
    checkPacket(packet, frame);
    if (packet.cmd === 'publish' && this.protocolVersion === 5) {
      (packet as PublishPacket).userPropertyBytes = readUserProperties(frame);
    }
    return packet;
  }
}

const CONNECT_HEADER = 0x10;

function unreadable(frame: Buffer, problem: Error): ProtocolViolation {
  const isConnect = frame[0] === CONNECT_HEADER;
  // [MQTT-3.1.2-2]: a protocol version that is not spoken here has an answer of its own
  return isConnect && problem.message === 'Invalid protocol version'
    ? new ProtocolViolation(ReasonCode.UNSUPPORTED_PROTOCOL_VERSION, problem.message)
    : malformed(`A packet cannot be read: ${problem.message}`);
}

function malformed(problem: string): ProtocolViolation {
  return new ProtocolViolation(ReasonCode.MALFORMED_PACKET, problem);
}
