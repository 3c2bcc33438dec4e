import type { QoS } from '../protocol/application-message.js';
import type { MqttDelivery } from './mqtt-delivery.js';
import type { MqttObservedConnection } from './mqtt-observed-connection.js';
import type { MqttObservedRequest } from './mqtt-observed-request.js';

/** A message that is about to be sent. */
export interface MqttPublication {
  readonly connection: MqttObservedConnection;
  /** `event`: published by a client. `result`: published by `@PublishTo`. */
  readonly kind: 'event' | 'request' | 'reply' | 'result' | 'dead-letter';
  /** Topic Name. Not suitable as a metric label: there may be one for each device. */
  readonly topic: string;
  /**
   * Topic template: of `@PublishTo`, of `deadLetter`, or the first of the client's `topicTemplates` that matches; for a reply, the
   * template of the handler. Undefined if there is none.
   */
  readonly template: string | undefined;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Payload size in bytes; undefined before the message is encoded. */
  readonly size: number | undefined;
  readonly correlationData: Buffer | undefined;
  /** The request, if the message is one. */
  readonly request: MqttObservedRequest | undefined;
  /** The handled message, for a reply, a result or a dead letter. */
  readonly delivery: MqttDelivery | undefined;
  /** Whether the message can carry metadata; see {@link inject}. */
  readonly injectable: boolean;
  /**
   * Adds metadata to the message: as a User Property on 5.0, or in `metadata` of Nest's envelope. Replaces a value of the same name.
   * Call it before the observer returns.
   *
   * What no packet can carry (section 1.5.4), what brokers end the connection over, and names of the wire contract (`nest-`) are left
   * out, and the log says so: the message itself goes out.
   *
   * @returns whether the message carries it: a plain one on 3.1.1 has no place for it
   */
  inject(name: string, value: string): boolean;
}

/**
 * The result of a publication: `written` to the socket (QoS 0), `acknowledged` by PUBACK or PUBCOMP, `refused` by the broker or because
 * of its limits, `expired` before it was sent, `timeout` or `cancelled` by its caller, `overflow` of the queue, `closed` with the
 * connection, or `failed` before it was sent, for another reason.
 */
export interface MqttPublishEnd {
  readonly outcome:
    'written' | 'acknowledged' | 'refused' | 'expired' | 'timeout' | 'cancelled' | 'overflow' | 'closed' | 'failed';
  /** Reason code of the acknowledgement or refusal; 0x10: no client subscribes to the topic. */
  readonly reasonCode: number | undefined;
  readonly error: Error | undefined;
}
