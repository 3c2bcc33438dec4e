import type { Settling } from '../../protocol/delivery.js';
import type { TopicParams } from '../../routing/topic-template.js';
import type { InboundMessage } from '../../wire/inbound/inbound-message.js';
import type { Job } from '../concurrency/concurrency-gate.js';
import { failingHandler } from '../handling/failing-handler.js';
import { Invocation } from '../handling/invocation.js';
import type { InvocationHost } from '../handling/invocation-host.js';
import { MessageWithData } from '../handling/message-with-data.js';
import type { ServedHandler } from '../handling/served-handler.js';
import { DeduplicatedRun } from './deduplicated-run.js';
import type { Deduplication } from './deduplication.js';

/** The job of a message whose handler has `deduplicate`. If its key cannot be determined, the message fails as if its handler had failed. */
export function deduplicatedJob(
  deduplication: Deduplication,
  message: InboundMessage,
  handler: ServedHandler,
  params: TopicParams,
  settling: Settling,
  host: InvocationHost,
): Job {
  try {
    const key = deduplication.keyOf(new MessageWithData(message.packet, params, handler, host));
    if (key !== undefined) return new DeduplicatedRun(key, deduplication, message, handler, params, settling, host);
    return new Invocation(message, handler, params, settling, host);
  } catch (error) {
    return new Invocation(message, failingHandler(handler, 'deduplicate.key', error), params, settling, host);
  }
}
