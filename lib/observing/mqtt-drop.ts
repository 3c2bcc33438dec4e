import type { QoS } from '../protocol/application-message.js';
import type { MqttDelivery } from './mqtt-delivery.js';
import type { MqttObservedHandler } from './mqtt-observed-handler.js';
import type { MqttObservedConnection } from './mqtt-observed-connection.js';

/**
 * Why a message or a reply was dropped:
 *
 * - `stale-subscription`: no handler matches it; the subscription in the session is of an earlier deployment
 * - `too-large`: it is larger than `maxPayloadBytes`
 * - `response-topic`: a request whose Response Topic is not allowed
 * - `undecodable`: its codec, or the deserializer, cannot decode it
 * - `overflow`: a QoS 0 message that waited for a worker when the buffer was full
 * - `closing`: the server closed before a worker was free; at QoS 1 and 2 the broker keeps the message
 * - `duplicate`: a message that has been handled, or is being handled (option `deduplicate`)
 * - `not-claimed`: the deduplication store failed, or another process has been handling the message for too long; at QoS 1 and 2 it is withheld
 * - `expired`: a request expired before it was answered; the reply is not sent
 * - `late-reply`: a reply to no pending request
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

/** A message or a reply that was dropped. */
export interface MqttDrop {
  readonly connection: MqttObservedConnection;
  readonly reason: MqttDropReason;
  /** Topic Name. Not suitable as a metric label: there may be one for each device. */
  readonly topic: string;
  readonly qos: QoS;
  /** Payload size in bytes. */
  readonly size: number;
  /** The handler of the message, if known. */
  readonly handler: MqttObservedHandler | undefined;
  /** The delivery, if a handler had started. */
  readonly delivery: MqttDelivery | undefined;
}
