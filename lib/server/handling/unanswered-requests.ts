import type { WarnOnce } from '../../errors/warner-once.js';
import { handlerName } from '../../routing/handler-name.js';
import type { TopicRouter } from '../../routing/topic-router.js';
import { isDeadLetter } from '../../serialization/dead-letter-message.js';
import type { InboundMessage } from '../../wire/inbound/inbound-message.js';
import type { ServedHandler } from './served-handler.js';

/** Warns of requests that only event handlers of this server get: their callers time out, unless another service replies. */
export class UnansweredRequests {
  constructor(
    private readonly router: TopicRouter<ServedHandler>,
    private readonly warnOnce: WarnOnce,
  ) {}

  /** An event handler got a message that asks for a reply. */
  receivedBy(handler: ServedHandler, { topic, packet }: InboundMessage): void {
    if (handler.filter.filter.endsWith('#')) return; // it listens to what others serve
    if (isDeadLetter(packet.properties)) return; // it has the Response Topic of the request that it was
    if (this.router.route(topic).targets.some(({ handler: { isEventHandler } }) => !isEventHandler)) return;
    this.warnOnce(
      'unanswered',
      handler.pattern,
      `A request on "${topic}" has only event handlers here and is not answered: ${handlerName(handler)} is an @EventPattern. ` +
        'Use @MessagePattern, or emit() at the caller, unless another service replies.',
    );
  }
}
