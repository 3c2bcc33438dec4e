import type { MqttDropReason } from '../../observing/mqtt-drop.js';
import type { Observers } from '../../observing/observers.js';
import type { InboundMessage } from '../../wire/inbound/inbound-message.js';
import type { ObservedDelivery } from './observed-delivery.js';
import type { ServedHandler } from './served-handler.js';

/** Notifies observers of a dropped message. */
export function tellDropped(
  observers: Observers | undefined,
  reason: MqttDropReason,
  { topic, qos, payload }: Pick<InboundMessage, 'topic' | 'qos' | 'payload'>,
  handler?: ServedHandler,
  delivery?: ObservedDelivery,
): void {
  observers?.dropped({ reason, topic, qos, size: payload.length, handler: handler?.observed, delivery });
}
