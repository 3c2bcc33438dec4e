import type { Duplex } from 'node:stream';
import { parser, type Packet } from 'mqtt-packet';
import { createStreamPair } from '../../../../lib/testing/network/stream-pair.js';
import { Writer, type WriterHost } from '../../../../lib/wire/outbound/writer.js';

/** Waits for so many turns of the event loop. */
export async function turns(count = 1): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Turns in which what goes on within the process has happened. */
const MANY_TURNS = 2_000;

/** Waits turn by turn until `check` holds, whatever the clock shows. */
export async function until(check: () => boolean, what: string): Promise<void> {
  for (let turn = 0; !check(); turn++) {
    if (turn === MANY_TURNS) throw new Error(`Waited in vain until ${what}`);
    await turns();
  }
}

/** Reads the packets of one direction, as mqtt-packet does. */
export function packetReader(protocolVersion: 4 | 5, onPacket: (packet: Packet) => void): (bytes: Buffer) => void {
  const reader = parser({ protocolVersion });
  reader.on('packet', onPacket);
  reader.on('error', (error: Error) => {
    throw error;
  });
  return (bytes) => void reader.parse(bytes);
}

/** A network connection on a real stream, with both of its ends in the hands of the test. */
export class Network implements WriterHost {
  readonly writer: Writer;
  /** Our end. */
  readonly stream: Duplex;
  /** The broker's end. It reads, unless it is paused. */
  readonly peer: Duplex;
  /** What has been handed to the stream, in the order in which it was. */
  readonly written: Packet[] = [];
  /** What the broker has read. */
  readonly received: Packet[] = [];
  /** The same as bytes. */
  readonly receivedBytes: Buffer[] = [];
  /** How many pieces have been handed to the stream. */
  pieces = 0;
  /** Whether the broker has seen the end of the stream. */
  peerEnded = false;
  watched = false;
  /** What the writer has told its host of. */
  readonly sentPackets: Packet[] = [];
  drains = 0;
  onWritten: (packet: Packet) => void = () => {};
  onReceived: (packet: Packet) => void = () => {};
  onDrained: () => void = () => {};
  private handedOver = 0;
  private taken = 0;
  private pings = 0;
  private answeredPings = 0;

  constructor(protocolVersion: 4 | 5 = 5) {
    [this.stream, this.peer] = createStreamPair();
    this.tap(protocolVersion);
    this.writer = new Writer(this.stream, protocolVersion, this);
    const read = packetReader(protocolVersion, (packet) => {
      this.received.push(packet);
      this.onReceived(packet);
    });
    this.peer.on('data', (bytes: Buffer) => {
      this.taken += bytes.length;
      this.receivedBytes.push(bytes);
      read(bytes);
    });
    this.peer.on('end', () => (this.peerEnded = true));
    for (const end of [this.stream, this.peer]) end.on('error', () => {});
    this.stream.resume();
  }

  sent(packet: Packet): void {
    this.sentPackets.push(packet);
  }

  drained(): void {
    this.drains++;
    this.onDrained();
  }

  /** Resolves when this turn is over, and the broker has read everything that has been handed to the stream. */
  async read(): Promise<void> {
    await turns(2);
    await until(() => this.taken === this.handedOver || this.stream.destroyed, 'the broker has read everything');
    await turns(2);
    await until(() => this.taken === this.handedOver || this.stream.destroyed, 'the broker has read everything');
  }

  /** As a network connection does it: tells whether the PINGREQ has been answered. */
  ping(): () => boolean {
    this.writer.append(Buffer.from([0xc0, 0]), 0, 2);
    const number = ++this.pings;
    return () => this.answeredPings >= number;
  }

  answerPing(): void {
    this.answeredPings++;
  }

  /** Resolves when the stream is closed. */
  async closed(): Promise<void> {
    await until(() => this.stream.closed, 'the stream is closed');
  }

  private tap(protocolVersion: 4 | 5): void {
    const { stream } = this;
    const write = stream.write.bind(stream) as (bytes: Buffer) => boolean;
    const read = packetReader(protocolVersion, (packet) => {
      this.written.push(packet);
      this.onWritten(packet);
    });
    stream.write = ((bytes: Buffer) => {
      this.pieces++;
      this.handedOver += bytes.length;
      read(bytes);
      return write(bytes);
    }) as Duplex['write'];
  }
}
