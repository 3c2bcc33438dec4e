import type { Logger } from '@nestjs/common';
import type { PublishPacket } from '../protocol/application-message.js';
import { ACK, LEAVE, type Delivery } from '../protocol/delivery.js';
import type { ResolvedServerOptions } from '../options/server-options.js';
import type { ServerCounters } from './server-counters.js';

/** Topics that are logged one by one; beyond that there is nothing new to learn. */
const MAX_LOGGED_TOPICS = 1_000;

/**
 * Deals with messages that no handler takes: they come from subscriptions that an earlier deployment left in the session.
 *
 * By default they are logged once per topic and left with the broker, so that nothing is lost unnoticed.
 */
export class StaleMessages {
  private readonly logged = new Set<string>();

  constructor(
    private readonly policy: ResolvedServerOptions['onStaleSubscription'],
    private readonly unsubscribe: (filter: string) => void,
    private readonly counters: ServerCounters,
    private readonly logger: Logger,
  ) {}

  receive(topic: string, { qos }: PublishPacket, delivery: Delivery | undefined): void {
    this.counters.stale++;
    if (typeof this.policy === 'function') {
      this.policy({ topic, qos });
      delivery?.decide(ACK);
      return;
    }
    this.log(topic);
    if (this.policy === 'unsubscribe') this.unsubscribe(topic);
    delivery?.decide(this.policy === 'unsubscribe' ? ACK : LEAVE);
  }

  private log(topic: string): void {
    if (this.logged.has(topic) || this.logged.size >= MAX_LOGGED_TOPICS) return;
    this.logged.add(topic);
    this.logger.warn(
      `No handler for "${topic}": an earlier deployment has left a subscription in this session. ` +
        'Add a handler, unsubscribe it, or start with a new session; see the option onStaleSubscription.',
    );
  }
}
