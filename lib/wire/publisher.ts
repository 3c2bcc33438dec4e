import { LinkedQueue } from '../collections/linked-queue.js';
import { BackpressureError } from '../errors/backpressure.error.js';
import { ConnectionClosedError } from '../errors/connection-closed.error.js';
import { PublishRefusedError } from '../errors/publish-refused.error.js';
import type { OutgoingMessage } from '../protocol/application-message.js';
import { describeReasonCode, ReasonCode } from '../protocol/reason-code.js';
import type { Connection } from './connection.js';
import type { OutboundBatch } from './outbound-batch.js';
import { exceededLimit, isTooLarge, refusedPublish, sizeOf } from './publish-refusal.js';
import type { PublishSettled } from './publish-settled.js';

/** What becomes of messages while there is no connection. */
export interface OfflinePolicy {
  readonly offline: 'queue' | 'fail';
  readonly maxQueuedMessages: number;
}

/** Something that has messages sent, and may end before they are. */
interface Sender {
  readonly ended: boolean;
}

interface Waiting {
  readonly message: OutgoingMessage;
  readonly settled: PublishSettled;
  readonly sender?: Sender | undefined;
}

interface UnderWay extends Waiting {
  reasonCode: number;
}

/**
 * Sends messages, and sees every one of them through to its end: none is forgotten when the connection goes.
 *
 * QoS 1 and 2 respect the broker's Receive Maximum (section 3.2.2.3.3), which MQTT.js does not: what exceeds it waits its turn.
 *
 * @internal
 */
export class Publisher {
  /** Waits for a connection, or for room in the broker's window. */
  private readonly waiting = new LinkedQueue<Waiting>();
  /** Whether messages go out at once: there is a connection, and what waited for it has gone out. */
  private open = false;
  /** QoS 1 and 2, by Packet Identifier. MQTT.js sends them again on the next connection. */
  private readonly underWay = new Map<number, UnderWay>();
  private underWayQoS2 = 0;
  /** Outbound topic aliases are kept by MQTT.js: what uses them is written by it. */
  private readonly usesAliases: boolean;
  private ended: Error | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly policy: OfflinePolicy,
    private readonly batch: OutboundBatch,
  ) {
    const { client } = connection;
    const { autoAssignTopicAlias, autoUseTopicAlias } = client.options;
    this.usesAliases = autoAssignTopicAlias === true || autoUseTopicAlias === true;
    client.prependListener('packetreceive', (packet) => {
      if ((packet.cmd === 'puback' || packet.cmd === 'pubrec') && packet.reasonCode)
        this.noteReasonCode(packet.messageId!, packet.reasonCode);
    });
    connection.on('lost', () => {
      this.open = false;
      if (isTooLarge(connection.lastError)) this.refuseLargest();
    });
    connection.on('closed', (error) => this.end(error));
  }

  /** Messages whose end is not known yet. */
  get pending(): number {
    return this.waiting.size + this.underWay.size;
  }

  /** As {@link send}, with a promise for its end. Resolves with the reason code of the acknowledgement. */
  publish(message: OutgoingMessage): Promise<number> {
    return new Promise((resolve, reject) => {
      this.send(message, (error, reasonCode) => (error ? reject(error) : resolve(reasonCode)));
    });
  }

  /**
   * Sends a message now if it can, else when there is a connection and room. `settled` is called once, never within this call.
   *
   * @param sender whoever it is sent for: if he has ended by the time that it could be sent, it is not
   */
  send(message: OutgoingMessage, settled: PublishSettled, sender?: Sender): void {
    const { connection } = this;
    if (this.ended) {
      process.nextTick(settled, this.ended, 0);
      return;
    }
    const refusal = this.refusalOf(message);
    if (refusal) {
      process.nextTick(settled, refusal, 0);
      return;
    }
    if (this.open && (message.qos === 0 || (this.waiting.size === 0 && this.hasRoom(message)))) {
      this.write(message, settled);
      return;
    }
    const problem = connection.connected ? undefined : this.offlineProblem(message);
    if (problem) process.nextTick(settled, problem, 0);
    else this.waiting.push({ message, settled, sender });
  }

  /** Sends what has waited: called when the subscriptions of a new connection stand. From then on messages go out at once. */
  flush(): void {
    this.open = this.connection.connected;
    for (let next = this.waiting.first; next && this.open; next = this.waiting.first) {
      if (next.sender?.ended) {
        this.waiting.shift();
        next.settled(undefined, 0);
        continue;
      }
      const refusal = this.refusalOf(next.message); // it may have been queued before the broker's limits were known
      if (!refusal && next.message.qos > 0 && !this.hasRoom(next.message)) return;
      this.waiting.shift();
      if (refusal) next.settled(refusal, 0);
      else this.write(next.message, next.settled);
    }
  }

  /** What the broker would have to refuse, by the limits that it announced last: some brokers end the connection over it. */
  private refusalOf(message: OutgoingMessage): Error | undefined {
    const { limits, protocolVersion } = this.connection;
    const reasonCode = limits && exceededLimit(message, limits, protocolVersion);
    return reasonCode === undefined
      ? undefined
      : new PublishRefusedError(message.topic, reasonCode, describeReasonCode(reasonCode));
  }

  /**
   * The broker has ended the connection over a packet that was too large, without having announced what it takes. Sent again,
   * it would do so again and again: the largest message is given up.
   */
  private refuseLargest(): void {
    const { client, protocolVersion } = this.connection;
    const sizes = [...this.underWay].map(([id, { message }]) => ({ id, size: sizeOf(message, protocolVersion) }));
    const largest = sizes.toSorted((a, b) => b.size - a.size)[0];
    if (!largest) return;
    const error: Error & { code?: unknown } = new Error('packet too large');
    error.code = ReasonCode.PACKET_TOO_LARGE;
    this.finish(largest.id, error);
    client.removeOutgoingMessage(largest.id);
  }

  private offlineProblem({ topic }: OutgoingMessage): Error | undefined {
    if (this.policy.offline === 'fail') {
      return new ConnectionClosedError(
        `There is no connection to ${this.connection.broker} to publish to "${topic}" on.`,
        false,
        {
          cause: this.connection.lastError,
        },
      );
    }
    const { maxQueuedMessages } = this.policy;
    if (this.waiting.size < maxQueuedMessages) return undefined;
    return new BackpressureError(
      'maxQueuedMessages',
      maxQueuedMessages,
      `No connection, and no room to queue the message to "${topic}"`,
    );
  }

  private hasRoom({ qos }: OutgoingMessage): boolean {
    const { receiveMaximum, receiveMaximumQoS2 } = this.connection.limits!;
    return this.underWay.size < receiveMaximum && (qos !== 2 || this.underWayQoS2 < receiveMaximumQoS2);
  }

  private write(message: OutgoingMessage, settled: PublishSettled): void {
    const { client } = this.connection;
    const { topic, payload, qos, retain, properties } = message;
    if (qos === 0 && !this.usesAliases) {
      try {
        this.batch.publish(message, settled);
      } catch (error) {
        process.nextTick(settled, error, 0); // larger than any packet can be
      }
      return;
    }
    const options = properties ? { qos, retain, properties } : { qos, retain };
    if (qos === 0) {
      client.publish(topic, payload, options);
      process.nextTick(settled, undefined, 0);
      return;
    }
    const entry: UnderWay = { message, settled, reasonCode: 0 };
    // Connected, and done with what was under way before: MQTT.js sends at once, so the latest identifier is this message's.
    client.publish(topic, payload, options, (error) => this.finish(id, error));
    const id = client.getLastMessageId();
    this.underWay.set(id, entry);
    if (qos === 2) this.underWayQoS2++;
  }

  private noteReasonCode(id: number, reasonCode: number): void {
    const entry = this.underWay.get(id);
    if (entry) entry.reasonCode = reasonCode;
  }

  private finish(id: number, error: (Error & { code?: unknown }) | null | undefined): void {
    const entry = this.underWay.get(id);
    if (!entry) return;
    this.underWay.delete(id);
    const { message, settled, reasonCode } = entry;
    if (message.qos === 2) this.underWayQoS2--;
    settled(error ? refusedPublish(message.topic, error) : undefined, reasonCode);
    if (this.waiting.size > 0 && this.open) this.flush();
  }

  private end(error: Error | undefined): void {
    this.ended = error ?? new ConnectionClosedError(`The connection to ${this.connection.broker} is closed.`, false);
    this.open = false;
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) next.settled(this.ended, 0);
    const underWay = [...this.underWay.values()];
    this.underWay.clear();
    for (const { message, settled } of underWay) {
      settled(
        new ConnectionClosedError(
          `The connection was closed before the broker acknowledged the message to "${message.topic}".`,
          true,
          { cause: error },
        ),
        0,
      );
    }
  }
}
