import type { Logger } from '@nestjs/common';
import { describeHandlers, describeSubscriptions } from '../../routing/describe-subscriptions.js';
import { CopyCounter } from '../../routing/overlap/copy-counter.js';
import { withoutCovered } from '../../routing/overlap/covered-subscriptions.js';
import { assignIdentifiers, clearIdentifiers } from '../../routing/overlap/subscription-identifiers.js';
import type { Subscription } from '../../routing/subscription.js';
import type { Subscriptions } from '../../routing/subscriptions.js';
import type { Connection } from '../../wire/connection/connection.js';
import type { Subscriber } from '../../wire/subscriptions/subscriber.js';
import type { CopyFilter } from '../handling/message-receiver.js';
import type { OverlapBehaviour, ProbeQuestion } from './overlap-probe.js';

interface SubscriptionParts {
  readonly connection: Connection;
  readonly subscriber: Subscriber;
  readonly logger: Logger;
  /** Detects how the broker sends the messages of overlapping subscriptions; undefined when it cannot be determined. */
  readonly probe: (question: ProbeQuestion) => Promise<OverlapBehaviour | undefined>;
}

/** Subscribes for the handlers of a server, and selects how copies for overlapping subscriptions are recognised. */
export class ServerSubscriptions {
  /** How the broker sends the messages of overlapping subscriptions, once detected. */
  private behaviour: OverlapBehaviour | undefined;

  constructor(
    private readonly subscriptions: Subscriptions,
    private readonly parts: SubscriptionParts,
  ) {
    // before the first message: messages of a resumed session have identifiers already
    parts.connection.on('session', () => {
      if (this.identifiable) assignIdentifiers(subscriptions);
    });
  }

  /**
   * Subscribes to all filters.
   *
   * @returns a filter for copies; undefined when they have identifiers, or there is one copy of each message
   * @throws SubscriptionRefusedError, FeatureNotSupportedError
   */
  async subscribe(): Promise<CopyFilter | undefined> {
    if (this.identifiable) await this.checkIdentifiers();
    if (this.identifiable) {
      await this.ask([...this.subscriptions]);
      return undefined;
    }
    const { asked, ambiguous } = withoutCovered(this.subscriptions);
    const copies = ambiguous.length > 0 ? await this.copyFilter(asked) : undefined;
    await this.ask(asked);
    return copies;
  }

  /** Logs the subscriptions. */
  report(): void {
    const { logger, connection } = this.parts;
    const subscriptions = [...this.subscriptions];
    if (subscriptions.length === 0) {
      logger.warn(
        `Nothing is subscribed at ${connection.broker}: no controller has a handler for this server. Is the controller listed in controllers of a module?`,
      );
      return;
    }
    logger.log(describeSubscriptions(subscriptions, connection.broker));
    for (const line of describeHandlers(subscriptions)) logger.debug(line);
  }

  private get identifiable(): boolean {
    return this.parts.connection.limits?.subscriptionIdentifiers === true && this.behaviour?.identified !== false;
  }

  /** Checks the broker's identifiers if filters overlap: only then they are used. */
  private async checkIdentifiers(): Promise<void> {
    const overlapping = [...this.subscriptions].filter(({ identifier }) => identifier !== undefined);
    if (overlapping.length === 0) return;
    const shared = overlapping.some(({ filter }) => filter.group !== undefined);
    this.behaviour = await this.parts.probe({ identifiers: true, shared });
    const { connection, logger } = this.parts;
    if (this.behaviour === undefined) {
      logger.warn(
        `Some filters overlap, and it is unknown whether ${connection.broker} sends the right Subscription Identifiers: where it does not, ` +
          'some of their handlers do not run. Allow this client the topics probe/#.',
      );
    }
    if (this.behaviour?.identified !== false) return;
    clearIdentifiers(this.subscriptions);
    logger.warn(
      `${connection.broker} violates section 3.3.4: its copies of a message for ${shared ? 'three' : 'two'} overlapping subscriptions, with the ` +
        `Subscription Identifiers 1 to ${shared ? 3 : 2}, carried ${this.behaviour.seen}. Handlers still run once for each message: ` +
        'filters that another filter covers are not subscribed, and copies are counted.',
    );
  }

  private ask(subscriptions: readonly Subscription[]): Promise<void> {
    return this.parts.subscriber.subscribe(
      subscriptions.map(({ text: filter, qos, nl, rap, rh, identifier }) => ({ filter, qos, nl, rap, rh, identifier })),
    );
  }

  private async copyFilter(asked: readonly Subscription[]): Promise<CopyFilter | undefined> {
    const { connection, logger, probe } = this.parts;
    this.behaviour ??= await probe({ identifiers: false, shared: false });
    if (this.behaviour === undefined) {
      logger.warn(
        `Some filters overlap, but neither covers the other, and it is unknown how ${connection.broker} sends their messages: ` +
          'handlers of both may run twice for one message. Permit this client the topics probe/#, or use protocolVersion 5.',
      );
    }
    if (!this.behaviour?.copyEach) return undefined;
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
