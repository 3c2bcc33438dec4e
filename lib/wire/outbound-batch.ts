import { generate, type Packet } from 'mqtt-packet';
import { ConnectionClosedError } from '../errors/connection-closed.error.js';
import type { OutgoingMessage } from '../protocol/application-message.js';
import type { Connection } from './connection.js';
import { sizeOfPublish, writePublish } from './publish-encoder.js';
import type { PublishSettled } from './publish-settled.js';

type Stream = Connection['client']['stream'];

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
const ACK_BYTES = 4;
const PUBACK = 0x40;
const PUBREC = 0x50;

/**
 * Gathers what is written in one turn of the event loop, and hands it to the socket in one piece at the turn's end: QoS 0
 * messages and acknowledgements, which are most of what a busy server writes, cost one system call a turn and not one each.
 * They are encoded straight into the piece, past MQTT.js; what MQTT.js writes itself waits for the end of the turn too.
 *
 * What is gathered belongs to the network connection that it was gathered for, and is dropped with it.
 *
 * @internal
 */
export class OutboundBatch {
  private slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  /** Where the bytes of this turn begin and end in the slab. */
  private from = 0;
  private to = 0;
  /** Stream that is held back until the turn ends. */
  private corked: Stream | undefined;
  private gathered: Gathered[] = [];
  private draining: Gathered[] = [];

  constructor(private readonly connection: Connection) {
    const { client } = connection;
    client.prependListener('packetsend', () => this.cork());
    connection.ownPacketSendListeners++;
    connection.on('ending', () => this.flush());
    connection.on('lost', () => this.drop());
    connection.on('closed', () => this.drop());
  }

  /**
   * A QoS 0 message.
   *
   * @throws RangeError when the message is larger than a packet can be
   */
  publish(message: OutgoingMessage, settled: PublishSettled): void {
    const size = sizeOfPublish(message, this.connection.protocolVersion);
    const at = this.reserve(size.total);
    writePublish(this.slab, at, message, size);
    this.gathered.push({ topic: message.topic, settled });
    this.show(message, { dup: false });
  }

  /**
   * A QoS 1 message, which is settled by its acknowledgement.
   *
   * @param dup whether the broker may have got it before
   * @throws RangeError when the message is larger than a packet can be
   */
  publishAcknowledged(message: OutgoingMessage, messageId: number, dup: boolean): void {
    const size = sizeOfPublish(message, this.connection.protocolVersion);
    const at = this.reserve(size.total);
    writePublish(this.slab, at, message, size, messageId, dup);
    this.show(message, { dup, messageId });
  }

  /** A PUBACK or PUBREC that says success, in the short form that both versions have (section 3.4.2.1). */
  acknowledge(qos: 1 | 2, messageId: number): void {
    const at = this.reserve(ACK_BYTES);
    const { slab } = this;
    slab[at] = qos === 1 ? PUBACK : PUBREC;
    slab[at + 1] = 2;
    slab.writeUInt16BE(messageId, at + 2);
  }

  /** Any other packet, in its place among those. */
  append(packet: Packet): void {
    const bytes = generate(packet, { protocolVersion: this.connection.protocolVersion });
    const at = this.reserve(bytes.length);
    bytes.copy(this.slab, at);
  }

  /** Who watches what MQTT.js sends sees what goes past it too. */
  private show(message: OutgoingMessage, rest: { dup: boolean; messageId?: number }): void {
    const { client, ownPacketSendListeners } = this.connection;
    if (client.listenerCount('packetsend') === ownPacketSendListeners) return;
    client.emit('packetsend', { cmd: 'publish', ...message, ...rest });
  }

  private reserve(bytes: number): number {
    this.cork();
    if (this.to - this.from >= PIECE_BYTES) this.release();
    if (this.to + bytes > this.slab.length) {
      this.flush();
      this.slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, bytes));
      this.from = this.to = 0;
    }
    const at = this.to;
    this.to += bytes;
    return at;
  }

  private cork(): void {
    const { stream } = this.connection.client;
    if (this.corked === stream) return;
    this.corked = stream;
    stream.cork();
    setImmediate(() => {
      if (this.corked === stream) {
        this.flush();
        this.corked = undefined;
      }
      stream.uncork();
    });
  }

  /** Hands over what has been gathered. */
  private flush(): void {
    const { corked: stream, from, to } = this;
    if (!stream || from === to) return;
    this.from = to;
    const { gathered } = this;
    this.gathered = [];
    const usable = !stream.destroyed && !stream.writableEnded;
    if (usable && stream.write(this.slab.subarray(from, to))) for (const { settled } of gathered) settled(undefined, 0);
    else this.awaitDrain(stream, gathered);
  }

  /** Lets go of what has been gathered before the turn is over. */
  private release(): void {
    const { corked } = this;
    this.flush();
    corked?.uncork();
    corked?.cork();
  }

  private awaitDrain(stream: Stream, gathered: readonly Gathered[]): void {
    if (this.draining.length === 0) {
      stream.once('drain', () => {
        for (const { settled } of this.draining.splice(0)) settled(undefined, 0);
      });
    }
    this.draining.push(...gathered);
  }

  private drop(): void {
    this.from = this.to;
    this.corked = undefined;
    for (const { topic, settled } of [...this.draining.splice(0), ...this.gathered.splice(0)]) {
      settled(new ConnectionClosedError(`The connection was lost while publishing to "${topic}".`, true), 0);
    }
  }
}
