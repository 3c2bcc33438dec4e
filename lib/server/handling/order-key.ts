import type { InboundMessage } from '../../wire/inbound/inbound-message.js';
import type { TopicParams } from '../../routing/topic-template.js';
import type { InvocationHost } from './invocation-host.js';
import { MessageWithData } from './message-with-data.js';
import type { ServedHandler } from './served-handler.js';

/**
 * By what a message is ordered, within its handler; undefined for one that is in no order.
 *
 * @throws what the application's function throws, and TypeError when it returns no string
 */
export function orderKeyOf(
  message: InboundMessage,
  handler: ServedHandler,
  params: TopicParams,
  host: InvocationHost,
): string | undefined {
  const { orderBy } = handler.options;
  if (orderBy === undefined) return undefined;
  if (typeof orderBy === 'string') return params[orderBy];
  const key: unknown = orderBy(new MessageWithData(message.packet, params, handler, host));
  if (typeof key === 'string') return key;
  throw new TypeError(`it returned ${key === null ? 'null' : typeof key}, and not a string`);
}
