import { randomBytes } from 'node:crypto';
import { topicLevel } from '../protocol/topic-name.js';

const DEFAULT_PREFIX = 'reply';

interface InboxParts {
  readonly clientId: string;
  /** First levels of the topic, known once there has been a connection. */
  readonly prefix: () => string | undefined;
  /** Asks the broker for a topic. @throws SubscriptionRefusedError */
  readonly subscribe: (topic: string) => Promise<void>;
  /** Whether the broker has granted a topic in the present session. */
  readonly isGranted: (topic: string) => boolean;
}

/**
 * Where the replies to one client come: a topic of its own, subscribed once, before the first request, at QoS 1, never shared.
 * Topics that a caller names for his replies himself are subscribed here too.
 */
export class Inbox {
  private ownTopic: string | undefined;
  private readonly topics = new Set<string>();
  private readonly subscribing = new Map<string, Promise<void>>();

  constructor(private readonly parts: InboxParts) {}

  /**
   * Where a reply is to be sent now; undefined when the subscription has to be made first, by {@link open}.
   *
   * @param named topic that the caller names; default: the client's own
   */
  topicFor(named: string | undefined): string | undefined {
    const topic = named ?? this.ownTopic;
    return topic !== undefined && this.topics.has(topic) && this.parts.isGranted(topic) ? topic : undefined;
  }

  /**
   * Subscribes, unless that has been done. Callers in between share one subscription.
   *
   * @param prepare called with the topic before anything can come on it
   */
  async open(named: string | undefined, prepare: (topic: string) => void): Promise<string> {
    const topic = named ?? (this.ownTopic ??= this.newTopic());
    if (this.topics.has(topic) && this.parts.isGranted(topic)) return topic;
    this.topics.add(topic);
    prepare(topic);
    let subscribing = this.subscribing.get(topic);
    if (!subscribing) {
      subscribing = this.parts.subscribe(topic).finally(() => this.subscribing.delete(topic));
      this.subscribing.set(topic, subscribing);
    }
    await subscribing;
    return topic;
  }

  private newTopic(): string {
    const prefix = this.parts.prefix() || DEFAULT_PREFIX;
    const separator = prefix.endsWith('/') ? '' : '/';
    return `${prefix}${separator}${topicLevel(this.parts.clientId)}/${randomBytes(8).toString('hex')}`;
  }
}
