import { LinkedQueue } from '../collections/linked-queue.js';
import { BackpressureError } from '../errors/backpressure.error.js';
import { ConnectionClosedError } from '../errors/connection-closed.error.js';
import { PublishRefusedError } from '../errors/publish-refused.error.js';
import type { OutgoingMessage } from '../protocol/application-message.js';
import { describeReasonCode } from '../protocol/reason-code.js';
import type { Connection } from './connection.js';
import type { OutboundBatch } from './outbound-batch.js';
import { exceededLimit, isTooLarge } from './publish-refusal.js';
import type { PublishSettled } from './publish-settled.js';
import { UnacknowledgedMessages } from './unacknowledged-messages.js';

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

/**
 * Sends messages, and sees every one of them through to its end: none is forgotten when the connection goes.
 *
 * @internal
 */
export class Publisher {
  /** Waits for a connection, or for room in the broker's window. */
  private readonly waiting = new LinkedQueue<Waiting>();
  /** Whether messages go out at once: there is a connection, and what waited for it has gone out. */
  private open = false;
  private readonly underWay: UnacknowledgedMessages;
  /** Outbound topic aliases are kept by MQTT.js: what uses them is written by it. */
  private readonly usesAliases: boolean;
  private ended: Error | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly policy: OfflinePolicy,
    private readonly batch: OutboundBatch,
  ) {
    const { autoAssignTopicAlias, autoUseTopicAlias, outgoingStore } = connection.client.options;
    this.usesAliases = autoAssignTopicAlias === true || autoUseTopicAlias === true;
    const leavesToMqttjs = this.usesAliases || outgoingStore !== undefined;
    this.underWay = new UnacknowledgedMessages(connection, batch, leavesToMqttjs, () => {
      if (this.waiting.size > 0 && this.open) this.flush();
    });
    connection.on('lost', () => {
      this.open = false;
      if (isTooLarge(connection.lastError)) this.underWay.refuseLargest();
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
    if (this.open && (message.qos === 0 || (this.waiting.size === 0 && this.underWay.hasRoom(message)))) {
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
      if (!refusal && next.message.qos > 0 && !this.underWay.hasRoom(next.message)) return;
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

  private write(message: OutgoingMessage, settled: PublishSettled): void {
    if (message.qos > 0) this.underWay.send(message, settled);
    else if (this.usesAliases) this.leaveToMqttjs(message, settled);
    else {
      try {
        this.batch.publish(message, settled);
      } catch (error) {
        process.nextTick(settled, error, 0); // larger than any packet can be
      }
    }
  }

  private leaveToMqttjs({ topic, payload, retain, properties }: OutgoingMessage, settled: PublishSettled): void {
    const options = { qos: 0, retain } as const;
    this.connection.client.publish(topic, payload, properties ? { ...options, properties } : options);
    process.nextTick(settled, undefined, 0);
  }

  private end(error: Error | undefined): void {
    this.ended = error ?? new ConnectionClosedError(`The connection to ${this.connection.broker} is closed.`, false);
    this.open = false;
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) next.settled(this.ended, 0);
    this.underWay.end(error);
  }
}
