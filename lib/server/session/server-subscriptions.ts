import type { Logger } from '@nestjs/common';
import { CopyCounter } from '../../routing/overlap/copy-counter.js';
import { withoutCovered } from '../../routing/overlap/covered-subscriptions.js';
import { assignIdentifiers } from '../../routing/overlap/subscription-identifiers.js';
import type { Subscription } from '../../routing/subscription.js';
import type { Subscriptions } from '../../routing/subscriptions.js';
import type { Connection } from '../../wire/connection/connection.js';
import type { Subscriber } from '../../wire/subscriptions/subscriber.js';
import type { CopyFilter } from '../handling/message-receiver.js';

interface SubscriptionParts {
  readonly connection: Connection;
  readonly subscriber: Subscriber;
  readonly logger: Logger;
  /** Finds out whether the broker sends a copy for each subscription; undefined when it cannot. */
  readonly probe: () => Promise<boolean | undefined>;
}

/** The subscriptions of a server's handlers, and how the copies that the broker sends for them are told apart. */
export class ServerSubscriptions {
  constructor(
    private readonly subscriptions: Subscriptions,
    private readonly parts: SubscriptionParts,
  ) {
    // before the first message: those of a resumed session carry identifiers already
    parts.connection.on('session', () => {
      if (this.identifiable) assignIdentifiers(subscriptions);
    });
  }

  /**
   * Subscribes all of them.
   *
   * @returns how to tell copies apart; undefined when identifiers do, or there is one copy of each message
   * @throws SubscriptionRefusedError, FeatureNotSupportedError
   */
  async subscribe(): Promise<CopyFilter | undefined> {
    if (this.identifiable) {
      await this.ask([...this.subscriptions]);
      return undefined;
    }
    const { asked, ambiguous } = withoutCovered(this.subscriptions);
    const copies = ambiguous.length > 0 ? await this.copyFilter(asked) : undefined;
    await this.ask(asked);
    return copies;
  }

  private get identifiable(): boolean {
    return this.parts.connection.limits?.subscriptionIdentifiers === true;
  }

  private ask(subscriptions: readonly Subscription[]): Promise<void> {
    return this.parts.subscriber.subscribe(
      subscriptions.map(({ text: filter, qos, nl, rap, rh, identifier }) => ({ filter, qos, nl, rap, rh, identifier })),
    );
  }

  private async copyFilter(asked: readonly Subscription[]): Promise<CopyFilter | undefined> {
    const { connection, logger, probe } = this.parts;
    const each = await probe();
    if (each === false) return undefined;
    if (each === undefined) {
      logger.warn(
        `Some filters overlap without one covering the other, and it cannot be found out how ${connection.broker} sends their messages: ` +
          'handlers of both may run twice for one message. Allow this client the topics probe/#, or use protocolVersion 5.',
      );
      return undefined;
    }
    const texts = new Set(asked.map(({ text }) => text));
    const counter = new CopyCounter();
    connection.on('session', () => counter.clear());
    return {
      isFirst: ({ subscriptions }, topic, payload) => {
        const copies = subscriptions.filter(({ text }) => texts.has(text)).length;
        return copies < 2 || counter.isFirst(topic, payload, copies);
      },
    };
  }
}
