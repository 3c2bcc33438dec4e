import { randomBytes } from 'node:crypto';
import type { PublishPacket } from '../../protocol/application-message.js';
import { topicLevel } from '../../protocol/topic-name.js';
import { NestProperty, nestProperty } from '../../serialization/wire-contract.js';

/**
 * Cancellation of streams by their callers: subscribes the control topic, and records the running streams.
 *
 * The topic is subscribed when the first stream starts. If the broker refuses it, streams cannot be cancelled.
 */
export class StreamControl {
  /** A topic unique to this process, so that a cancellation reaches the process that runs the stream. */
  readonly topic: string;
  /** Streams by Correlation Data and Response Topic: several callers may use the same bytes. */
  private readonly streams = new Map<string, Map<string, () => void>>();
  private subscribed: Promise<boolean> | undefined;
  private granted = false;

  /** @param subscribe subscribes to the topic; resolves to whether it was granted */
  constructor(
    clientId: string,
    private readonly subscribe: (topic: string) => Promise<boolean>,
  ) {
    this.topic = `control/${topicLevel(clientId)}/${randomBytes(8).toString('hex')}`;
  }

  /** The control topic to send in the first reply of a stream. */
  get announcedTopic(): string | undefined {
    return this.granted ? this.topic : undefined;
  }

  /** Resolves when it is known whether streams can be cancelled. A failed subscription is retried for the next stream. */
  async ready(): Promise<void> {
    this.subscribed ??= this.subscribe(this.topic);
    this.granted = await this.subscribed;
    if (!this.granted) this.subscribed = undefined;
  }

  /** @returns a function that removes the stream */
  open(replyTopic: string, correlationData: Buffer, cancel: () => void): () => void {
    const key = keyOf(correlationData);
    let callers = this.streams.get(key);
    if (!callers) this.streams.set(key, (callers = new Map<string, () => void>()));
    callers.set(replyTopic, cancel);
    return () => {
      if (callers.get(replyTopic) !== cancel) return;
      callers.delete(replyTopic);
      if (callers.size === 0 && this.streams.get(key) === callers) this.streams.delete(key);
    };
  }

  get openStreams(): number {
    let count = 0;
    for (const callers of this.streams.values()) count += callers.size;
    return count;
  }

  /**
   * A message on the control topic. It is ignored if its stream does not run: cancelling is idempotent. Response Topic and Correlation
   * Data identify the stream; without the topic, as sent by older callers, Correlation Data are enough if only one stream has them.
   */
  receive({ properties }: PublishPacket): void {
    const { userProperties, correlationData, responseTopic } = properties ?? {};
    if (nestProperty(userProperties, NestProperty.cancel) === undefined || !correlationData) return;
    const callers = this.streams.get(keyOf(correlationData));
    if (!callers) return;
    if (responseTopic !== undefined) callers.get(responseTopic)?.();
    else if (callers.size === 1) for (const cancel of callers.values()) cancel();
  }
}

function keyOf(correlationData: Buffer): string {
  return correlationData.toString('latin1');
}
