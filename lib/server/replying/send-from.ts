import type { MqttPublication } from '../../observing/mqtt-publication.js';
import type { OutgoingMessage } from '../../protocol/application-message.js';
import type { ObservedDelivery } from '../handling/observed-delivery.js';
import type { Send } from './send.js';

/** A message whose handler sends something. */
interface Sender {
  readonly host: { readonly send: Send };
  /** Undefined where there are no observers. */
  readonly delivery?: ObservedDelivery | undefined;
}

/**
 * Sends what comes of a message, and lets observers know.
 *
 * @param template declared topic
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
