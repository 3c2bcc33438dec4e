import { randomBytes } from 'node:crypto';
import type { PublishPacket } from '../../protocol/application-message.js';
import { topicLevel } from '../../protocol/topic-name.js';
import { NestProperty, nestProperty } from '../../serialization/wire-contract.js';

/**
 * Lets callers cancel the streams that this server sends them: keeps the topic on which they say so, and which streams run.
 *
 * The topic is subscribed when the first stream starts; until that is granted, and where it is refused, streams run without.
 */
export class StreamControl {
  /** Topic of this process alone, so that a cancellation reaches the worker that runs the stream. */
  readonly topic: string;
  /** By Correlation Data, and then by the topic of the replies: several callers may choose the same bytes. */
  private readonly streams = new Map<string, Map<string, () => void>>();
  private subscribed: Promise<boolean> | undefined;
  private granted = false;

  /** @param subscribe asks the broker for the topic; resolves to whether it was granted */
  constructor(
    clientId: string,
    private readonly subscribe: (topic: string) => Promise<boolean>,
  ) {
    this.topic = `control/${topicLevel(clientId)}/${randomBytes(8).toString('hex')}`;
  }

  /** What the first reply of a stream tells its caller. */
  get announcedTopic(): string | undefined {
    return this.granted ? this.topic : undefined;
  }

  /** Resolves when it is known whether streams can be cancelled. What failed is tried again for the next stream. */
  async ready(): Promise<void> {
    this.subscribed ??= this.subscribe(this.topic);
    this.granted = await this.subscribed;
    if (!this.granted) this.subscribed = undefined;
  }

  /** @returns a function that forgets the stream */
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
   * A message on the control topic. What names no running stream is ignored: cancelling is idempotent. A caller names its stream by
   * Response Topic and Correlation Data; one that leaves out the topic, as older ones do, is understood where only one stream has
   * these bytes.
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
