import type { Duplex } from 'node:stream';
import { generate, type Packet } from 'mqtt-packet';
import { ConnectionClosedError } from '../../errors/connection-closed.error.js';
import type { OutgoingMessage } from '../../protocol/application-message.js';
import type { OutboundTopicAliases } from './outbound-topic-aliases.js';
import { sizeOfPublish, writePublish } from './publish-encoder.js';

/**
 * Called once with the result of a message: written to the socket (QoS 0), or acknowledged by the broker (QoS 1 and 2).
 *
 * @param reasonCode reason code of the acknowledgement: 0x10 means that no client subscribes to the topic
 */
export type PublishSettled = (error: Error | undefined, reasonCode: number) => void;

/** First bytes of acknowledgements (section 2.1). */
export const PUBACK = 0x40;
export const PUBREC = 0x50;
export const PUBREL = 0x62;
export const PUBCOMP = 0x70;

/** The connection of a writer. */
export interface WriterHost {
  /** Whether `packetsend` has listeners. */
  readonly watched: boolean;
  /** A packet of the data plane has been written. */
  sent(packet: Packet): void;
  /** The socket has drained after {@link Writer.full}. */
  drained(): void;
}

interface Gathered {
  readonly topic: string;
  readonly settled: PublishSettled;
}

/** The bytes of one event loop turn are gathered in a slab of this size. */
const SLAB_BYTES = 65_536;
/**
 * This many bytes are written before the end of the turn, so that the broker reads while more is encoded: 20% more calls with payloads of
 * 10 kB.
 */
const PIECE_BYTES = 32_768;
/** The socket is full when it buffers more than this: the broker reads too slowly. */
export const HIGH_WATER_BYTES = 262_144;
/** Acknowledgements are written to a full socket too, up to this limit; then reading stops. */
const MAX_BACKLOG_BYTES = 4 * HIGH_WATER_BYTES;
const ACK_BYTES = 4;
/** Maximum time for the broker to read the last bytes, in milliseconds. */
const END_TIMEOUT_MS = 1_000;

/**
 * The writer of a network connection, for the packets of the data plane and of MQTT.js, in the order of the calls. All packets of one event
 * loop turn are written together at its end, with one system call.
 *
 * It belongs to one network connection: unwritten bytes are dropped with it.
 *
 * @internal
 */
export class Writer {
  /** Set when the broker and the options allow Topic Aliases. */
  aliases: OutboundTopicAliases | undefined;
  private slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  /** Begin and end of this turn's bytes in the slab. */
  private from = 0;
  private to = 0;
  private scheduled = false;
  private ended = false;
  private held = false;
  /** QoS 0 messages whose callbacks have not been called. */
  private gathered: Gathered[] = [];
  /** Number of them that have been passed to the socket. */
  private handedOver = 0;

  constructor(
    private readonly stream: Duplex,
    private readonly protocolVersion: 4 | 5,
    private readonly host: WriterHost,
  ) {
    stream.on('drain', () => this.drained());
  }

  /**
   * Whether no further message may be written: the broker reads too slowly (until `drained()` of the host), or the connection is being
   * closed.
   */
  get full(): boolean {
    return this.held || this.ended;
  }

  /** Whether anything may still be written. */
  get usable(): boolean {
    return !this.ended && !this.stream.destroyed && !this.stream.writableEnded;
  }

  /**
   * Writes a PUBLISH.
   *
   * @param identifier Packet Identifier; 0 at QoS 0
   * @param dup whether the broker may have received it before
   * @param settled QoS 0: called when the message is written to the socket, or the connection is lost before
   * @throws RangeError when the message is too large for a packet
   */
  publish(message: OutgoingMessage, identifier: number, dup: boolean, settled?: PublishSettled): void {
    const alias = this.aliases?.aliasOf(message.topic);
    const size = sizeOfPublish(message, this.protocolVersion, alias);
    const at = this.reserve(size.total);
    try {
      writePublish(this.slab, at, message, size, identifier, dup);
    } catch (error) {
      this.to = at; // no part of it is sent
      throw error;
    }
    if (alias) this.aliases!.markSet(message.topic, alias);
    if (settled) this.gathered.push({ topic: message.topic, settled });
    if (this.host.watched)
      this.host.sent({ cmd: 'publish', ...message, dup, ...(identifier > 0 && { messageId: identifier }) });
  }

  /** Writes an acknowledgement of success, in the short form of both versions (section 3.4.2.1). */
  acknowledge(firstByte: number, identifier: number): void {
    const at = this.reserve(ACK_BYTES);
    const { slab } = this;
    slab[at] = firstByte;
    slab[at + 1] = 2;
    slab[at + 2] = identifier >> 8;
    slab[at + 3] = identifier;
    if (this.host.watched) this.host.sent({ cmd: NAMES[firstByte]!, messageId: identifier });
  }

  /** Writes a rare packet of the data plane, with the encoder of MQTT.js. */
  write(packet: Packet): void {
    const bytes = generate(packet, { protocolVersion: this.protocolVersion });
    this.append(bytes, 0, bytes.length);
    if (this.host.watched) this.host.sent(packet);
  }

  /** Writes encoded bytes. */
  append(bytes: Buffer, start: number, end: number): void {
    const at = this.reserve(end - start);
    bytes.copy(this.slab, at, start, end);
  }

  /** Writes the gathered bytes to the socket, without waiting for the end of the turn. */
  flush(): void {
    this.handOver();
    this.settleTaken();
  }

  /** Writes the last packet and ends the stream. Destroys it when the broker does not close it in time. */
  end(last?: Packet): void {
    if (!this.usable) return;
    if (last) this.write(last);
    this.handOver();
    this.ended = true; // a callback must not write after it
    this.settleTaken();
    const { stream } = this;
    const timer = setTimeout(() => stream.destroy(), END_TIMEOUT_MS);
    stream.once('close', () => clearTimeout(timer));
    stream.end(() => {
      this.held = false;
      this.settleTaken();
    });
  }

  /** The network connection has ended: it is not known whether the last bytes have arrived. */
  lost(): void {
    this.ended = true;
    this.from = this.to;
    this.handedOver = 0;
    for (const { topic, settled } of this.gathered.splice(0)) {
      settled(new ConnectionClosedError(`The connection was lost while publishing to "${topic}".`, true), 0);
    }
  }

  private reserve(bytes: number): number {
    this.schedule();
    if (this.to - this.from >= PIECE_BYTES) this.handOver();
    if (this.to + bytes > this.slab.length) {
      this.handOver();
      this.slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, bytes));
      this.from = this.to = 0;
    }
    const at = this.to;
    this.to += bytes;
    return at;
  }

  /** Calls no callbacks: they may write, and this may run during a write. */
  private handOver(): void {
    const { stream, from, to } = this;
    if (from === to) return;
    this.from = to;
    if (!this.usable) return; // gathered bytes are dropped with the connection
    stream.write(this.slab.subarray(from, to));
    this.handedOver = this.gathered.length;
    if (stream.writableLength > HIGH_WATER_BYTES) this.held = true;
    if (stream.writableLength > MAX_BACKLOG_BYTES) stream.pause();
  }

  /** Calls the callbacks of QoS 0 messages that are written to the socket. */
  private settleTaken(): void {
    if (this.held || this.handedOver === 0 || this.stream.destroyed) return;
    const taken = this.handedOver === this.gathered.length ? this.gathered : this.gathered.slice(0, this.handedOver);
    this.gathered = this.gathered.slice(this.handedOver);
    this.handedOver = 0;
    for (const { settled } of taken) settled(undefined, 0); // may write again
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false; // writes of callbacks are sent in the next turn
      this.flush();
    });
  }

  private drained(): void {
    if (!this.held) return;
    this.held = false;
    if (this.stream.isPaused()) this.stream.resume();
    this.flush();
    this.host.drained();
  }
}

const NAMES: Readonly<Record<number, 'puback' | 'pubrec' | 'pubrel' | 'pubcomp'>> = {
  [PUBACK]: 'puback',
  [PUBREC]: 'pubrec',
  [PUBREL]: 'pubrel',
  [PUBCOMP]: 'pubcomp',
};
