import { parser, type Packet } from 'mqtt-packet';
import { ReasonCode } from '../../protocol/reason-code.js';
import type { PublishPacket } from '../broker-message.js';
import { checkPacket } from './packet-checks.js';
import { ProtocolViolation } from './protocol-violation.js';
import { readUserProperties } from './user-property-bytes.js';
import { MAX_VARIABLE_BYTES, readVariableByteInteger } from './variable-byte-integer.js';

/**
 * Decodes the control packets of one connection.
 *
 * Splits the bytes into packets itself: a packet that is too large is refused by its header, and the bytes of every packet are available
 * for checks that `mqtt-packet` does not make.
 */
export class PacketReader {
  private readonly parser = parser();
  private readonly chunks: Buffer[] = [];
  private buffered = 0;
  /** Number of bytes required before the next attempt to decode. */
  private wanted = 2;
  private protocolVersion = 4;
  private parsed: Packet | undefined;
  private problem: Error | undefined;

  constructor(private readonly maximumPacketSize: number) {
    this.parser.on('packet', (packet) => (this.parsed = packet));
    this.parser.on('error', (error: Error) => (this.problem = error));
  }

  /** @throws ProtocolViolation at the first malformed packet */
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

  /** Undefined while the length is incomplete. */
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
    // Assigned in events of the parser, which type narrowing does not track.
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
  // [MQTT-3.1.2-2]: an unsupported protocol version has its own answer
  return isConnect && problem.message === 'Invalid protocol version'
    ? new ProtocolViolation(ReasonCode.UNSUPPORTED_PROTOCOL_VERSION, problem.message)
    : malformed(`A packet cannot be read: ${problem.message}`);
}

function malformed(problem: string): ProtocolViolation {
  return new ProtocolViolation(ReasonCode.MALFORMED_PACKET, problem);
}
