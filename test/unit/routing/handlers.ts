import { resolveSubscription, type MqttSubscriptionOptions } from '../../../lib/options/subscription-options.js';
import { TopicFilter } from '../../../lib/protocol/topic-filter.js';
import type { Handler } from '../../../lib/routing/handler.js';
import { Subscriptions } from '../../../lib/routing/subscriptions.js';

/** A handler as the registry resolves it, of a pattern without prefix and captures. */
export function handlerOf(
  pattern: string,
  { isEventHandler = true, method = { extras: {} }, ...options }: Partial<Handler> & MqttSubscriptionOptions = {},
): Handler {
  return {
    pattern,
    template: pattern,
    declaredAt: undefined,
    callback: async () => undefined,
    isEventHandler,
    options: resolveSubscription([options]),
    subscription: pattern,
    filter: TopicFilter.parse(pattern),
    captures: [],
    deadLetterTopic: undefined,
    publishTo: [],
    method,
  };
}

export function requestHandlerOf(pattern: string): Handler {
  return handlerOf(pattern, { isEventHandler: false });
}

export function subscriptionsOf(patterns: readonly string[]): Subscriptions {
  return new Subscriptions(patterns.map((pattern) => handlerOf(pattern)));
}
