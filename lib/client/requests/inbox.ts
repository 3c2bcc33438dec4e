import { randomBytes } from 'node:crypto';
import { topicLevel } from '../../protocol/topic-name.js';

const DEFAULT_PREFIX = 'reply';
/** Maximum number of unused named topics that stay subscribed, so that further requests need no new SUBSCRIBE. */
const MAX_IDLE_TOPICS = 100;

interface InboxParts {
  readonly clientId: string;
  /** First levels of the topic; known after the first connection. */
  readonly prefix: () => string | undefined;
  /** Subscribes to a topic. @throws SubscriptionRefusedError */
  readonly subscribe: (topic: string) => Promise<void>;
  readonly unsubscribe: (topic: string) => void;
  /** Whether the broker has granted a topic in the present session. */
  readonly isGranted: (topic: string) => boolean;
}

/**
 * The Response Topics of one client: its own topic, subscribed once before the first request, at QoS 1, never shared; and topics named
 * by a caller or a wire format, which are unsubscribed after they have not been used for some time.
 *
 * @typeParam Reader reads the messages of a topic
 */
export class Inbox<Reader> {
  private ownTopic: string | undefined;
  /** The reader of each subscribed topic. */
  private readonly readers = new Map<string, Reader>();
  private readonly subscribing = new Map<string, Promise<void>>();
  /** Number of requests that use each named topic; unused topics are last, in the order in which they became unused. */
  private readonly users = new Map<string, number>();
  private idle = 0;

  constructor(private readonly parts: InboxParts) {}

  /** Subscribed topics. */
  get size(): number {
    return this.readers.size;
  }

  /** The reader of a topic; undefined for a topic that is not of this inbox. */
  readerOf(topic: string): Reader | undefined {
    return this.readers.get(topic);
  }

  /**
   * The Response Topic to use; undefined when it must be subscribed first, with {@link open}.
   *
   * @param named topic named by the caller; default: the client's own
   */
  topicFor(named: string | undefined): string | undefined {
    const topic = named ?? this.ownTopic;
    return topic !== undefined && this.readers.has(topic) && this.parts.isGranted(topic) ? topic : undefined;
  }

  /**
   * Subscribes, unless already subscribed. Concurrent callers share one SUBSCRIBE.
   *
   * @param reader registered before a message can arrive on the topic
   */
  async open(named: string | undefined, reader: Reader): Promise<string> {
    const topic = named ?? (this.ownTopic ??= this.newTopic());
    if (this.readers.has(topic) && this.parts.isGranted(topic)) return topic;
    this.readers.set(topic, reader);
    let subscribing = this.subscribing.get(topic);
    if (!subscribing) {
      subscribing = this.parts.subscribe(topic).finally(() => this.subscribing.delete(topic));
      this.subscribing.set(topic, subscribing);
    }
    await subscribing;
    return topic;
  }

  /** Marks a named topic as used, until {@link release}. */
  use(named: string): void {
    const users = this.users.get(named);
    if (users === 0) this.idle--;
    this.users.set(named, (users ?? 0) + 1);
  }

  /** Marks a named topic as unused by one request. When there are too many unused topics, the oldest is unsubscribed. */
  release(named: string): void {
    const users = this.users.get(named)! - 1;
    this.users.set(named, users);
    if (users > 0) return;
    this.users.delete(named);
    this.users.set(named, 0); // moves it to the end
    if (++this.idle > MAX_IDLE_TOPICS) this.forgetOldest();
  }

  private forgetOldest(): void {
    for (const [topic, users] of this.users) {
      if (users > 0) continue;
      this.users.delete(topic);
      this.readers.delete(topic);
      this.idle--;
      this.parts.unsubscribe(topic);
      return;
    }
  }

  private newTopic(): string {
    const prefix = this.parts.prefix() || DEFAULT_PREFIX;
    const separator = prefix.endsWith('/') ? '' : '/';
    return `${prefix}${separator}${topicLevel(this.parts.clientId)}/${randomBytes(8).toString('hex')}`;
  }
}
