import type { InspectedHandler } from '../../../lib/inspector/inspected-application.js';
import { TopicFilter } from '../../../lib/protocol/topic-filter.js';

const SERVER = {} as InspectedHandler['server'];

/** A handler as the inspector sees it; by default an event handler of one server. */
export function inspected(subscription: string, others: Partial<InspectedHandler> = {}): InspectedHandler {
  const topics = TopicFilter.parse(subscription);
  return {
    pattern: subscription,
    template: topics.filter,
    kind: 'event',
    subscription,
    filter: topics.filter,
    group: topics.group,
    captures: [],
    options: {},
    publishTo: [],
    method: {},
    extras: {},
    server: SERVER,
    broker: undefined,
    topics,
    ...others,
  };
}
