import { Duplex } from 'node:stream';
import { FrameReader, type Frame } from '../inbound/frame-reader.js';

interface ControlStreamParts {
  /** Takes one whole Control Packet that MQTT.js writes. */
  readonly onPacket: (frame: Frame) => void;
  /** MQTT.js has nothing more to write. */
  readonly onEnd: () => void;
  /** MQTT.js drops the connection. */
  readonly onDestroy: () => void;
}

/** What MQTT.js takes for its network connection: it carries control packets, one whole packet at a time. */
export class ControlStream extends Duplex {
  private readonly reader: FrameReader;

  constructor(private readonly parts: ControlStreamParts) {
    super();
    // MQTT.js writes a packet in pieces, between which nothing else may be written
    this.reader = new FrameReader(parts.onPacket);
  }

  /** Shows MQTT.js a packet from the broker. */
  receive({ bytes, start, end }: Frame): void {
    this.push(Buffer.from(bytes.subarray(start, end))); // MQTT.js may read it later, when the buffer holds something else
  }

  /** MQTT.js holds packets back until the turn ends; they leave in the order of its calls instead, and the writer gathers them. */
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
