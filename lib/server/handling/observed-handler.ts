import type { MqttObservedHandler } from '../../observing/mqtt-observed-handler.js';
import type { Handler } from '../../routing/handler.js';

/** A handler, for observers. */
export function observedHandler(handler: Handler): MqttObservedHandler {
  const { template, pattern, subscription, filter, isEventHandler, declaredAt } = handler;
  return Object.freeze({
    template,
    pattern,
    subscription,
    group: filter.group,
    kind: isEventHandler ? 'event' : 'request',
    source: declaredAt?.replace(/\(\)$/, ''),
  });
}
