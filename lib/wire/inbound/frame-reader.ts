import { ReasonCode } from '../../protocol/reason-code.js';
import { ProtocolViolation } from './protocol-violation.js';
import { variableByteInteger, variableByteIntegerWidth } from '../variable-byte-integer.js';

/** One Control Packet within the bytes that came. The object is reused: it is valid during the call that hands it out. */
export interface Frame {
  bytes: Buffer;
  /** Offset of the fixed header. */
  start: number;
  /** Offset behind the Remaining Length. */
  body: number;
  /** Offset behind the packet. */
  end: number;
  /** Whether `bytes` belongs to this packet alone, so that a slice of it may be kept. */
  owned: boolean;
}

const NOTHING = Buffer.alloc(0);
/** Longest fixed header: the packet type and four bytes of Remaining Length (section 2.1). */
const MAX_HEADER_BYTES = 5;
/** A packet of up to that many bytes gets its buffer at once; a longer one as its bytes come, for its length may be a lie. */
const TRUSTED_BYTES = 256 * 1024;

/** Cuts the bytes of one connection into Control Packets, however they were split on their way. */
export class FrameReader {
  private readonly frame: Frame = { bytes: NOTHING, start: 0, body: 0, end: 0, owned: false };
  /** Fixed header of a packet that goes on in the next chunk. */
  private readonly header = Buffer.alloc(MAX_HEADER_BYTES);
  /** What has come of that packet, once its length is known. */
  private assembly = NOTHING;
  private filled = 0;
  private body = 0;
  /** Bytes of the whole packet that is assembled; 0 while its length is not known. */
  private total = 0;
  private reading = false;
  private stopped = false;

  /** @param maximumPacketSize bytes of the largest packet that is accepted (section 3.1.2.11.4) */
  constructor(
    private readonly onFrame: (frame: Frame) => void,
    private readonly maximumPacketSize = Infinity,
  ) {}

  /**
   * Takes the next bytes. What is thrown stops the reader, since the beginning of the next packet is not known then.
   *
   * @param chunk valid during the call only
   * @throws ProtocolViolation, and whatever onFrame throws
   */
  push(chunk: Buffer): void {
    if (this.reading) throw new Error('FrameReader.push() must not be called from within onFrame.');
    if (this.stopped) return;
    this.reading = true;
    let complete = false;
    try {
      this.cut(chunk, this.filled > 0 ? this.assemble(chunk) : 0);
      complete = true;
    } finally {
      this.reading = false;
      this.frame.bytes = NOTHING;
      if (!complete) this.stop();
    }
  }

  /** Nothing more is cut, also when called from within onFrame. */
  stop(): void {
    this.stopped = true;
    this.assembly = NOTHING;
  }

  /** Hands out the packets that are complete in the chunk, where they are, and keeps the beginning of the next one. */
  private cut(chunk: Buffer, from: number): void {
    let start = from;
    while (start < chunk.length && !this.stopped) {
      const width = variableByteIntegerWidth(chunk, start + 1, chunk.length, 'Remaining Length of a packet');
      if (width === 0) break;
      const body = start + 1 + width;
      const end = body + variableByteInteger(chunk, start + 1);
      this.checkSize(end - start);
      if (end > chunk.length) break;
      this.handOut(chunk, start, body, end, false);
      start = end;
    }
    if (start < chunk.length && !this.stopped) this.assemble(start === 0 ? chunk : chunk.subarray(start));
  }

  /**
   * Adds to the packet that is assembled.
   *
   * @returns how much of the chunk belongs to it
   */
  private assemble(chunk: Buffer): number {
    let at = 0;
    while (this.total === 0) {
      if (at === chunk.length) return at;
      this.header[this.filled++] = chunk[at++]!;
      this.readHeader();
    }
    const added = Math.min(chunk.length - at, this.total - this.filled);
    this.reserve(this.filled + added);
    chunk.copy(this.assembly, this.filled, at, at + added);
    this.filled += added;
    if (this.filled === this.total) {
      const { assembly, body, total } = this;
      this.assembly = NOTHING;
      this.filled = this.total = 0;
      this.handOut(assembly, 0, body, total, true);
    }
    return at + added;
  }

  private readHeader(): void {
    const width = variableByteIntegerWidth(this.header, 1, this.filled, 'Remaining Length of a packet');
    if (width === 0) return;
    this.body = 1 + width;
    this.total = this.body + variableByteInteger(this.header, 1);
    this.checkSize(this.total);
    this.assembly = Buffer.allocUnsafe(Math.min(this.total, TRUSTED_BYTES));
    this.header.copy(this.assembly, 0, 0, this.body);
  }

  /** Makes room by doubling, so that a byte is moved once or twice, whatever the size of the chunks. */
  private reserve(bytes: number): void {
    if (bytes <= this.assembly.length) return;
    const larger = Buffer.allocUnsafe(Math.min(this.total, Math.max(bytes, 2 * this.assembly.length)));
    this.assembly.copy(larger, 0, 0, this.filled);
    this.assembly = larger;
  }

  private checkSize(bytes: number): void {
    if (bytes <= this.maximumPacketSize) return;
    throw new ProtocolViolation(
      ReasonCode.PACKET_TOO_LARGE,
      `A packet of ${bytes} bytes exceeds the Maximum Packet Size of ${this.maximumPacketSize} [MQTT-3.1.2-24]`,
    );
  }

  private handOut(bytes: Buffer, start: number, body: number, end: number, owned: boolean): void {
    const { frame } = this;
    frame.bytes = bytes;
    frame.start = start;
    frame.body = body;
    frame.end = end;
    frame.owned = owned;
    this.onFrame(frame);
  }
}
