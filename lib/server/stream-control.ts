import { randomBytes } from 'node:crypto';
import type { PublishPacket } from '../protocol/application-message.js';
import { topicLevel } from '../protocol/topic-name.js';
import { NestProperty, nestProperty } from '../serialization/wire-contract.js';

/**
 * Lets callers cancel the streams that this server sends them: keeps the topic on which they say so, and which streams run.
 *
 * The topic is subscribed when the first stream starts; until that is granted, and where it is refused, streams run without.
 */
export class StreamControl {
  /** Topic of this process alone, so that a cancellation reaches the worker that runs the stream. */
  readonly topic: string;
  private readonly streams = new Map<string, () => void>();
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
  open(correlationData: Buffer, cancel: () => void): () => void {
    const key = keyOf(correlationData);
    this.streams.set(key, cancel);
    return () => {
      if (this.streams.get(key) === cancel) this.streams.delete(key);
    };
  }

  get openStreams(): number {
    return this.streams.size;
  }

  /** A message on the control topic. What names no running stream is ignored: cancelling is idempotent. */
  receive({ properties }: PublishPacket): void {
    if (nestProperty(properties?.userProperties, NestProperty.cancel) === undefined || !properties?.correlationData)
      return;
    this.streams.get(keyOf(properties.correlationData))?.();
  }
}

function keyOf(correlationData: Buffer): string {
  return correlationData.toString('latin1');
}
