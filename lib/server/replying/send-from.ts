import type { MqttPublication } from '../../observing/mqtt-publication.js';
import type { OutgoingMessage } from '../../protocol/application-message.js';
import type { ObservedDelivery } from '../handling/observed-delivery.js';
import type { Send } from './send.js';

/** A handled message, for which other messages are sent. */
interface Sender {
  readonly host: { readonly send: Send };
  /** Undefined if there are no observers. */
  readonly delivery?: ObservedDelivery | undefined;
}

/**
 * Sends a message of a handler, and notifies observers.
 *
 * @param template topic template
 */
export function sendFrom(
  { host, delivery }: Sender,
  kind: MqttPublication['kind'],
  template: string | undefined,
  message: OutgoingMessage,
  settled: Parameters<Send>[1],
): boolean {
  if (delivery === undefined) return host.send(message, settled);
  return delivery.send(host.send, kind, template, message, settled);
}
