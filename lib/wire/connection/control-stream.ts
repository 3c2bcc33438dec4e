import { Duplex } from 'node:stream';
import { FrameReader, type Frame } from '../inbound/frame-reader.js';

interface ControlStreamParts {
  /** Receives each whole Control Packet that MQTT.js writes. */
  readonly onPacket: (frame: Frame) => void;
  /** MQTT.js has ended the stream. */
  readonly onEnd: () => void;
  /** MQTT.js has destroyed the stream. */
  readonly onDestroy: () => void;
}

/** The stream that MQTT.js uses as its network connection. It transfers whole control packets. */
export class ControlStream extends Duplex {
  private readonly reader: FrameReader;

  constructor(private readonly parts: ControlStreamParts) {
    super();
    // MQTT.js writes a packet in several pieces, and no other bytes may be written between them
    this.reader = new FrameReader(parts.onPacket);
  }

  /** Passes a packet from the broker to MQTT.js. */
  receive({ bytes, start, end }: Frame): void {
    this.push(Buffer.from(bytes.subarray(start, end))); // a copy: MQTT.js may read it after the buffer has been reused
  }

  /** No-op: MQTT.js corks until the end of the turn, but the writer batches packets itself, in the order of the calls. */
  override cork(): void {}

  override uncork(): void {}

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.reader.push(chunk);
    done();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.parts.onEnd();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.parts.onDestroy();
    done(error);
  }
}
