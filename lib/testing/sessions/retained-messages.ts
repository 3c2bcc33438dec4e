import type { TopicFilter } from '../../protocol/topic-filter.js';
import { isExpired, type BrokerMessage } from '../broker-message.js';

/** The last retained message of every topic (section 3.3.1.3). */
export class RetainedMessages {
  private readonly byTopic = new Map<string, BrokerMessage>();

  get size(): number {
    return this.byTopic.size;
  }

  /** Keeps a retained message [MQTT-3.3.1-5]; an empty payload removes it [MQTT-3.3.1-6, MQTT-3.3.1-7]. */
  keep(message: BrokerMessage): void {
    if (!message.retain) return; // [MQTT-3.3.1-8]
    if (message.payload.length > 0) this.byTopic.set(message.topic, message);
    else this.byTopic.delete(message.topic);
  }

  get(topic: string): BrokerMessage | undefined {
    const message = this.byTopic.get(topic);
    if (!message || !isExpired(message)) return message;
    this.byTopic.delete(topic);
    return undefined;
  }

  match(filter: TopicFilter): BrokerMessage[] {
    const topics = filter.hasWildcard
      ? [...this.byTopic.keys()].filter((topic) => filter.matches(topic))
      : [filter.filter];
    return topics.flatMap((topic) => this.get(topic) ?? []);
  }

  clear(): void {
    this.byTopic.clear();
  }
}
