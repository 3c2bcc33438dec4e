import { describeThrown } from '../../errors/describe-thrown.js';
import type { ResolvedServerOptions } from '../../options/server-options.js';
import { ACK, LEAVE } from '../../protocol/delivery.js';
import type { InboundMessage } from '../../wire/inbound/inbound-message.js';
import type { InvocationHost } from '../handling/invocation-host.js';
import { tellDropped } from '../handling/tell-dropped.js';

/**
 * Handles messages that match no handler: their subscriptions in the session are of an earlier deployment.
 *
 * By default they are logged once for each topic and not acknowledged, so that no message is lost unnoticed.
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
      `No handler for "${topic}": this session has a subscription of an earlier deployment. ` +
        'Add a handler, unsubscribe, or start a new session; see the option onStaleSubscription.',
    );
    if (policy === 'unsubscribe') this.unsubscribe(topic);
    message.decide(policy === 'unsubscribe' ? ACK : LEAVE);
  }

  /**
   * Calls the function of the application. It may throw, or return a promise that rejects; promises are not awaited.
   *
   * @returns whether the function returned; if it threw, the message is not acknowledged
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
