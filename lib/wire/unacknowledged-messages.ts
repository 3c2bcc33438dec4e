import { PublishRefusedError } from '../errors/publish-refused.error.js';
import { ConnectionClosedError } from '../errors/connection-closed.error.js';
import type { OutgoingMessage } from '../protocol/application-message.js';
import { describeReasonCode, isFailure, ReasonCode } from '../protocol/reason-code.js';
import type { Connection } from './connection.js';
import type { OutboundBatch } from './outbound-batch.js';
import { refusedPublish, sizeOf } from './publish-refusal.js';
import type { PublishSettled } from './publish-settled.js';

interface Entry {
  readonly message: OutgoingMessage;
  readonly settled: PublishSettled;
  /** Whether MQTT.js wrote it, and sends it again. */
  readonly byMqttjs: boolean;
  /** Of an acknowledgement that MQTT.js reports without it. */
  reasonCode: number;
}

/**
 * QoS 1 and 2 messages from when they are written until the broker has acknowledged them. Those that a lost connection leaves
 * behind are sent again on the next one, in order, with their Packet Identifiers [MQTT-4.4.0-1, MQTT-4.6.0-1].
 *
 * QoS 1 is written and sent again by this class: past MQTT.js' store and its pieces of a packet, a call with request and reply at
 * QoS 1 takes about half the CPU time (`npm run bench -- rpc-qos1`). QoS 2 is left to MQTT.js, and so is everything where the
 * application gives a store or uses topic aliases, which MQTT.js keeps.
 *
 * @internal
 */
export class UnacknowledgedMessages {
  /** By Packet Identifier, oldest first. */
  private readonly entries = new Map<number, Entry>();
  private qos2 = 0;
  /** Left behind by the lost connection, and not sent again yet: the broker takes fewer at once than before. */
  private unsent: number[] = [];
  /** Whether the broker may have them: a new session has nothing, and nothing in it is marked DUP [MQTT-3.3.1-1]. */
  private resumed = false;

  constructor(
    private readonly connection: Connection,
    private readonly batch: OutboundBatch,
    /** Whether QoS 1 is left to MQTT.js too. */
    private readonly leavesToMqttjs: boolean,
    /** Called when one is acknowledged, so that there may be room for another one. */
    private readonly onRoom: () => void,
  ) {
    connection.client.prependListener('packetreceive', (packet) => {
      if (packet.cmd === 'puback' || packet.cmd === 'pubrec')
        this.acknowledged(packet.messageId!, packet.reasonCode ?? 0);
    });
    connection.on('connected', ({ sessionPresent }) => this.sendAgain(sessionPresent));
    connection.on('lost', () => (this.unsent = []));
  }

  get size(): number {
    return this.entries.size;
  }

  /** Whether the broker takes one more at once (Receive Maximum, section 3.2.2.3.3), which MQTT.js does not ask. */
  hasRoom({ qos }: OutgoingMessage): boolean {
    const { receiveMaximum, receiveMaximumQoS2 } = this.connection.limits!;
    return this.entries.size < receiveMaximum && (qos !== 2 || this.qos2 < receiveMaximumQoS2);
  }

  /** Sends one. There is a connection, and room. */
  send(message: OutgoingMessage, settled: PublishSettled): void {
    if (message.qos === 1 && !this.leavesToMqttjs) this.write(message, settled);
    else this.leaveToMqttjs(message, settled);
  }

  /**
   * The broker has ended the connection over a packet that was too large, without having announced what it takes. Sent again,
   * it would do so again and again: the largest message is given up.
   */
  refuseLargest(): void {
    const { client, protocolVersion } = this.connection;
    const sizes = [...this.entries].map(([id, { message }]) => ({ id, size: sizeOf(message, protocolVersion) }));
    const largest = sizes.toSorted((a, b) => b.size - a.size)[0];
    if (!largest) return;
    const { message, byMqttjs } = this.entries.get(largest.id)!;
    const reasonCode = ReasonCode.PACKET_TOO_LARGE;
    this.finish(largest.id, new PublishRefusedError(message.topic, reasonCode, describeReasonCode(reasonCode)), 0);
    if (byMqttjs) client.removeOutgoingMessage(largest.id);
  }

  /** The connection is over. */
  end(cause: Error | undefined): void {
    const entries = [...this.entries.values()];
    this.entries.clear();
    for (const { message, settled } of entries) {
      settled(
        new ConnectionClosedError(
          `The connection was closed before the broker acknowledged the message to "${message.topic}".`,
          true,
          { cause },
        ),
        0,
      );
    }
  }

  private write(message: OutgoingMessage, settled: PublishSettled): void {
    const id = this.newIdentifier();
    try {
      this.batch.publishAcknowledged(message, id, false);
    } catch (error) {
      process.nextTick(settled, error, 0); // larger than any packet can be
      return;
    }
    this.entries.set(id, { message, settled, byMqttjs: false, reasonCode: 0 });
  }

  private leaveToMqttjs(message: OutgoingMessage, settled: PublishSettled): void {
    const { client } = this.connection;
    const { topic, payload, qos, retain, properties } = message;
    const options = properties ? { qos, retain, properties } : { qos, retain };
    const entry: Entry = { message, settled, byMqttjs: true, reasonCode: 0 };
    // Connected, and done with what was under way before: MQTT.js sends at once, so the latest identifier is this message's.
    client.publish(topic, payload, options, (error) =>
      this.finish(id, error ? refusedPublish(topic, error) : undefined, entry.reasonCode),
    );
    const id = client.getLastMessageId();
    this.entries.set(id, entry);
    if (qos === 2) this.qos2++;
  }

  private acknowledged(id: number, reasonCode: number): void {
    const entry = this.entries.get(id);
    if (!entry) return;
    if (entry.byMqttjs) {
      entry.reasonCode = reasonCode;
      return;
    }
    const { topic } = entry.message;
    const refusal = isFailure(reasonCode)
      ? new PublishRefusedError(topic, reasonCode, describeReasonCode(reasonCode))
      : undefined;
    this.connection.client.messageIdProvider.deallocate(id);
    this.finish(id, refusal, reasonCode);
  }

  private finish(id: number, error: Error | undefined, reasonCode: number): void {
    const entry = this.entries.get(id);
    if (!entry) return;
    this.entries.delete(id);
    if (entry.message.qos === 2) this.qos2--;
    entry.settled(error, reasonCode);
    if (this.unsent.length > 0) this.sendUnsent();
    this.onRoom();
  }

  private sendAgain(sessionPresent: boolean): void {
    const { messageIdProvider } = this.connection.client;
    this.resumed = sessionPresent;
    this.unsent = [...this.entries].filter(([, { byMqttjs }]) => !byMqttjs).map(([id]) => id);
    for (const id of this.unsent) messageIdProvider.register(id); // MQTT.js forgets them with each connection
    this.sendUnsent();
  }

  private sendUnsent(): void {
    const { receiveMaximum } = this.connection.limits!;
    const room = receiveMaximum - (this.entries.size - this.unsent.length);
    for (const id of this.unsent.splice(0, Math.max(0, room)))
      this.batch.publishAcknowledged(this.entries.get(id)!.message, id, this.resumed);
  }

  /** Identifiers come round again: those that are still in use are passed over. */
  private newIdentifier(): number {
    const { messageIdProvider } = this.connection.client;
    for (;;) {
      const id = messageIdProvider.allocate()!; // there is room, so that there is a free one
      if (!this.entries.has(id)) return id;
    }
  }
}
