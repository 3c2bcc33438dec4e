import { ReasonCode } from '../../protocol/reason-code.js';
import { ProtocolViolation } from './protocol-violation.js';
import { variableByteInteger, variableByteIntegerWidth } from '../variable-byte-integer.js';

/** One Control Packet in the received bytes. The object is reused: it is valid during the call only. */
export interface Frame {
  bytes: Buffer;
  /** Offset of the fixed header. */
  start: number;
  /** Offset after the Remaining Length. */
  body: number;
  /** Offset after the packet. */
  end: number;
  /** Whether `bytes` belongs to this packet only, so that a slice of it may be kept. */
  owned: boolean;
}

const NOTHING = Buffer.alloc(0);
/** Maximum length of a fixed header: the packet type and four bytes of Remaining Length (section 2.1). */
const MAX_HEADER_BYTES = 5;
/** Up to this size, a buffer for the whole packet is allocated at once; beyond it, the buffer grows as bytes arrive, because the length may be false. */
const TRUSTED_BYTES = 256 * 1024;

/** Splits the bytes of one connection into Control Packets, whatever the chunks. */
export class FrameReader {
  private readonly frame: Frame = { bytes: NOTHING, start: 0, body: 0, end: 0, owned: false };
  /** Fixed header of a packet that continues in the next chunk. */
  private readonly header = Buffer.alloc(MAX_HEADER_BYTES);
  /** Bytes of that packet so far, once its length is known. */
  private assembly = NOTHING;
  private filled = 0;
  private body = 0;
  /** Size of the packet that is being assembled; 0 while its length is not known. */
  private total = 0;
  private reading = false;
  private stopped = false;

  /** @param maximumPacketSize maximum size of an accepted packet in bytes (section 3.1.2.11.4) */
  constructor(
    private readonly onFrame: (frame: Frame) => void,
    private readonly maximumPacketSize = Infinity,
  ) {}

  /**
   * Reads the next bytes. An error stops the reader, because the beginning of the next packet is then unknown.
   *
   * @param chunk valid during the call only
   * @throws ProtocolViolation, and any error of onFrame
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

  /** Stops reading; may be called from onFrame. */
  stop(): void {
    this.stopped = true;
    this.assembly = NOTHING;
  }

  /** Passes on the complete packets of the chunk without copying, and keeps the beginning of the next one. */
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
   * Adds bytes to the packet that is being assembled.
   *
   * @returns the number of bytes of the chunk that belong to it
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

  /** Grows the buffer by doubling, so that each byte is copied once or twice, whatever the size of the chunks. */
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
