import { describeThrown } from '../../errors/describe-thrown.js';
import type { ResolvedServerOptions } from '../../options/server-options.js';
import { ACK, LEAVE } from '../../protocol/delivery.js';
import type { InboundMessage } from '../../wire/inbound/inbound-message.js';
import type { InvocationHost } from '../handling/invocation-host.js';
import { tellDropped } from '../handling/tell-dropped.js';

/**
 * Deals with messages that no handler takes: they come from subscriptions that an earlier deployment left in the session.
 *
 * By default they are logged once per topic and left with the broker, so that nothing is lost unnoticed.
 */
export class StaleMessages {
  constructor(
    private readonly policy: ResolvedServerOptions['onStaleSubscription'],
    private readonly unsubscribe: (filter: string) => void,
    private readonly host: InvocationHost,
  ) {}

  receive(message: InboundMessage): void {
    const { policy, host } = this;
    const { topic, qos } = message;
    host.counters.stale++;
    tellDropped(host.observers, 'stale-subscription', message);
    if (typeof policy === 'function') {
      message.decide(this.call(() => policy({ topic, qos }), topic) ? ACK : LEAVE);
      return;
    }
    host.warnOnce(
      'stale',
      topic,
      `No handler for "${topic}": an earlier deployment has left a subscription in this session. ` +
        'Add a handler, unsubscribe it, or start with a new session; see the option onStaleSubscription.',
    );
    if (policy === 'unsubscribe') this.unsubscribe(topic);
    message.decide(policy === 'unsubscribe' ? ACK : LEAVE);
  }

  /**
   * The application's function may throw, or return a promise that is rejected; a promise is not waited for.
   *
   * @returns whether the function returned: the message of one that throws is left with the broker
   */
  private call(policy: () => unknown, topic: string): boolean {
    const failed = (error: unknown): void =>
      this.host.logger.error(`onStaleSubscription failed for a message on "${topic}": ${describeThrown(error)}`);
    try {
      const returned = policy();
      if (returned instanceof Promise) returned.catch(failed);
      return true;
    } catch (error) {
      failed(error);
      return false;
    }
  }
}
