import type { QoS } from '../protocol/application-message.js';
import type { MqttDelivery } from './mqtt-delivery.js';
import type { MqttObservedHandler } from './mqtt-observed-handler.js';
import type { MqttObservedConnection } from './mqtt-observed-connection.js';

/**
 * Why a message, or a reply, went no further:
 *
 * - `stale-subscription`: no handler takes it; an earlier deployment has left its subscription in the session
 * - `too-large`: it is larger than `maxPayloadBytes`
 * - `response-topic`: a request that names a Response Topic that may not be answered on
 * - `undecodable`: its codec, or the deserializer, cannot read it
 * - `overflow`: a QoS 0 message for which there was no room while it waited for a worker
 * - `closing`: the server closes before it has a worker; at QoS 1 and 2 it stays with the broker
 * - `duplicate`: a message that was run before, or runs, by the option `deduplicate`
 * - `not-claimed`: whether it was run before cannot be known, or it runs elsewhere for too long: at QoS 1 and 2 it is withheld
 * - `expired`: the time of a request was up before it was answered: the reply is not sent
 * - `late-reply`: a reply that no request waits for
 */
export type MqttDropReason =
  | 'stale-subscription'
  | 'too-large'
  | 'response-topic'
  | 'undecodable'
  | 'overflow'
  | 'closing'
  | 'duplicate'
  | 'not-claimed'
  | 'expired'
  | 'late-reply';

/** A message, or a reply, that went no further. */
export interface MqttDrop {
  readonly connection: MqttObservedConnection;
  readonly reason: MqttDropReason;
  /** Topic Name. There may be one for each device: no label. */
  readonly topic: string;
  readonly qos: QoS;
  /** Bytes of its payload. */
  readonly size: number;
  /** The handler that would have taken it, where one is known. */
  readonly handler: MqttObservedHandler | undefined;
  /** The delivery, where a handler had begun with it. */
  readonly delivery: MqttDelivery | undefined;
}
