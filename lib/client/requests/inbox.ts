import { randomBytes } from 'node:crypto';
import { topicLevel } from '../../protocol/topic-name.js';

const DEFAULT_PREFIX = 'reply';
/** Named topics that stay subscribed although nobody waits: who asks the same handlers again need not subscribe again. */
const MAX_IDLE_TOPICS = 100;

interface InboxParts {
  readonly clientId: string;
  /** First levels of the topic, known once there has been a connection. */
  readonly prefix: () => string | undefined;
  /** Asks the broker for a topic. @throws SubscriptionRefusedError */
  readonly subscribe: (topic: string) => Promise<void>;
  readonly unsubscribe: (topic: string) => void;
  /** Whether the broker has granted a topic in the present session. */
  readonly isGranted: (topic: string) => boolean;
}

/**
 * Where the replies to one client come: a topic of its own, subscribed once, before the first request, at QoS 1, never shared.
 * Topics that a caller or a wire format names are subscribed here too, and are given up again when they have not been used for long.
 *
 * @typeParam Reader who reads what comes on a topic
 */
export class Inbox<Reader> {
  private ownTopic: string | undefined;
  /** Who reads what comes, by the topics that are subscribed. */
  private readonly readers = new Map<string, Reader>();
  private readonly subscribing = new Map<string, Promise<void>>();
  /** Requests that wait on each named topic; those that none waits on stand at the end in the order in which they were left. */
  private readonly users = new Map<string, number>();
  private idle = 0;

  constructor(private readonly parts: InboxParts) {}

  /** Topics that replies are listened for on. */
  get size(): number {
    return this.readers.size;
  }

  /** Who reads what comes on that topic; undefined for one that is none of this inbox's. */
  readerOf(topic: string): Reader | undefined {
    return this.readers.get(topic);
  }

  /**
   * Where a reply is to be sent now; undefined when the subscription has to be made first, by {@link open}.
   *
   * @param named topic that the caller names; default: the client's own
   */
  topicFor(named: string | undefined): string | undefined {
    const topic = named ?? this.ownTopic;
    return topic !== undefined && this.readers.has(topic) && this.parts.isGranted(topic) ? topic : undefined;
  }

  /**
   * Subscribes, unless that has been done. Callers in between share one subscription.
   *
   * @param reader known before anything can come on the topic
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

  /** Somebody is going to wait on a named topic, until {@link release}. */
  use(named: string): void {
    const users = this.users.get(named);
    if (users === 0) this.idle--;
    this.users.set(named, (users ?? 0) + 1);
  }

  /** Of the topics that nobody waits on, the one left longest ago is unsubscribed when there are too many. */
  release(named: string): void {
    const users = this.users.get(named)! - 1;
    this.users.set(named, users);
    if (users > 0) return;
    this.users.delete(named);
    this.users.set(named, 0); // at the end
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
