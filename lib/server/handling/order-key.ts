import type { InboundMessage } from '../../wire/inbound/inbound-message.js';
import type { TopicParams } from '../../routing/topic-template.js';
import type { InvocationHost } from './invocation-host.js';
import { MessageWithData } from './message-with-data.js';
import type { ServedHandler } from './served-handler.js';

/**
 * The order key of a message within its handler; undefined for no order.
 *
 * @throws TypeError when the application's function does not return a string; and any error of that function
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
  throw new TypeError(`it returned ${key === null ? 'null' : typeof key}, not a string`);
}
