import type { Duplex } from 'node:stream';
import { generate, type Packet } from 'mqtt-packet';
import { ConnectionClosedError } from '../../errors/connection-closed.error.js';
import type { OutgoingMessage } from '../../protocol/application-message.js';
import type { OutboundTopicAliases } from './outbound-topic-aliases.js';
import { sizeOfPublish, writePublish } from './publish-encoder.js';

/**
 * Told once what became of a message: taken by the socket (QoS 0), or acknowledged by the broker (QoS 1 and 2).
 *
 * @param reasonCode of the acknowledgement: 0x10 means that no client subscribes to the topic
 */
export type PublishSettled = (error: Error | undefined, reasonCode: number) => void;

/** First bytes of the acknowledgements that a client writes (section 2.1). */
export const PUBACK = 0x40;
export const PUBREC = 0x50;
export const PUBREL = 0x62;
export const PUBCOMP = 0x70;

/** What a writer tells the connection that it writes for. */
export interface WriterHost {
  /** Whether `packetsend` has listeners. */
  readonly watched: boolean;
  /** A packet of the data plane has been written. */
  sent(packet: Packet): void;
  /** There is room again after {@link Writer.full}. */
  drained(): void;
}

interface Gathered {
  readonly topic: string;
  readonly settled: PublishSettled;
}

/** What is written in one turn of the event loop lies in one piece of a slab. */
const SLAB_BYTES = 65_536;
/**
 * So much does not wait for the end of the turn: the broker reads while the rest is encoded. With payloads of 10 kB that is a
 * fifth more calls.
 */
const PIECE_BYTES = 32_768;
/** The socket is full when it holds more than this: the broker does not read. */
export const HIGH_WATER_BYTES = 262_144;
/** Acknowledgements are written to a full socket too, up to this; then nothing is read either. */
const MAX_BACKLOG_BYTES = 4 * HIGH_WATER_BYTES;
const ACK_BYTES = 4;
/** How long the broker is given to take the last bytes, in milliseconds. */
const END_TIMEOUT_MS = 1_000;

/**
 * The one writer of a network connection: Control Packets of the data plane and those of MQTT.js leave through it, in the order
 * in which they come. What is written in one turn of the event loop leaves in one piece at the turn's end, so that it costs one
 * system call and not one a packet.
 *
 * It belongs to one network connection: what it holds is dropped with it.
 *
 * @internal
 */
export class Writer {
  /** Set when the broker takes Topic Aliases and the options use them. */
  aliases: OutboundTopicAliases | undefined;
  private slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  /** Where the bytes of this turn begin and end in the slab. */
  private from = 0;
  private to = 0;
  private scheduled = false;
  private ended = false;
  private held = false;
  /** QoS 0 messages that the socket has not taken, or whose senders have not been told. */
  private gathered: Gathered[] = [];
  /** How many of them have been handed to the socket. */
  private handedOver = 0;

  constructor(
    private readonly stream: Duplex,
    private readonly protocolVersion: 4 | 5,
    private readonly host: WriterHost,
  ) {
    stream.on('drain', () => this.drained());
  }

  /**
   * No further message is to be written: the broker does not read fast enough, until the host's `drained()`; or the connection is
   * being ended.
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
   * @param dup whether the broker may have got it before
   * @param settled QoS 0: called when the socket has taken the message, or is lost before that
   * @throws RangeError when the message is larger than a packet can be
   */
  publish(message: OutgoingMessage, identifier: number, dup: boolean, settled?: PublishSettled): void {
    const alias = this.aliases?.aliasOf(message.topic);
    const size = sizeOfPublish(message, this.protocolVersion, alias);
    const at = this.reserve(size.total);
    try {
      writePublish(this.slab, at, message, size, identifier, dup);
    } catch (error) {
      this.to = at; // nothing of it is sent
      throw error;
    }
    if (alias) this.aliases!.told(message.topic, alias);
    if (settled) this.gathered.push({ topic: message.topic, settled });
    if (this.host.watched)
      this.host.sent({ cmd: 'publish', ...message, dup, ...(identifier > 0 && { messageId: identifier }) });
  }

  /** Writes an acknowledgement that says success, in the short form that both versions have (section 3.4.2.1). */
  acknowledge(firstByte: number, identifier: number): void {
    const at = this.reserve(ACK_BYTES);
    const { slab } = this;
    slab[at] = firstByte;
    slab[at + 1] = 2;
    slab[at + 2] = identifier >> 8;
    slab[at + 3] = identifier;
    if (this.host.watched) this.host.sent({ cmd: NAMES[firstByte]!, messageId: identifier });
  }

  /** Writes a packet of the data plane that is too rare to have an encoder of its own. */
  write(packet: Packet): void {
    const bytes = generate(packet, { protocolVersion: this.protocolVersion });
    this.append(bytes, 0, bytes.length);
    if (this.host.watched) this.host.sent(packet);
  }

  /** Writes bytes that are encoded already. */
  append(bytes: Buffer, start: number, end: number): void {
    const at = this.reserve(end - start);
    bytes.copy(this.slab, at, start, end);
  }

  /** Hands over what has been gathered, without waiting for the end of the turn. */
  flush(): void {
    this.handOver();
    this.settleTaken();
  }

  /** The last packet: it is handed over and the stream is ended; it is destroyed when the broker does not end it too in time. */
  end(last?: Packet): void {
    if (!this.usable) return;
    if (last) this.write(last);
    this.handOver();
    this.ended = true; // a callback of an accepted message must not write behind it
    this.settleTaken();
    const { stream } = this;
    const timer = setTimeout(() => stream.destroy(), END_TIMEOUT_MS);
    stream.once('close', () => clearTimeout(timer));
    stream.end(() => {
      this.held = false;
      this.settleTaken();
    });
  }

  /** The network connection is gone: whether the last bytes have arrived is unknown. */
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

  /** No callback is called here: a callback may write, and this may be in the middle of a write. */
  private handOver(): void {
    const { stream, from, to } = this;
    if (from === to) return;
    this.from = to;
    if (!this.usable) return; // what was gathered ends with the connection
    stream.write(this.slab.subarray(from, to));
    this.handedOver = this.gathered.length;
    if (stream.writableLength > HIGH_WATER_BYTES) this.held = true;
    if (stream.writableLength > MAX_BACKLOG_BYTES) stream.pause();
  }

  /** Calls the callbacks of QoS 0 messages that the socket has accepted. */
  private settleTaken(): void {
    if (this.held || this.handedOver === 0 || this.stream.destroyed) return;
    const taken = this.handedOver === this.gathered.length ? this.gathered : this.gathered.slice(0, this.handedOver);
    this.gathered = this.gathered.slice(this.handedOver);
    this.handedOver = 0;
    for (const { settled } of taken) settled(undefined, 0); // which may write again
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false; // what a callback of an accepted message writes is sent in the next turn
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
