import type { QoS } from '../protocol/application-message.js';
import type { MqttDelivery } from './mqtt-delivery.js';
import type { MqttObservedConnection } from './mqtt-observed-connection.js';
import type { MqttObservedRequest } from './mqtt-observed-request.js';

/** A message that is going to be sent. */
export interface MqttPublication {
  readonly connection: MqttObservedConnection;
  /** `event`: of a client. `result`: of `@PublishTo`. */
  readonly kind: 'event' | 'request' | 'reply' | 'result' | 'dead-letter';
  /** Topic Name. There may be one for each device: no label. */
  readonly topic: string;
  /**
   * Declared topic: the one of `@PublishTo`, of `deadLetter`, or the first of the client's `topicTemplates` that matches. Of a reply it is
   * the template of the handler. Undefined where nothing is declared.
   */
  readonly template: string | undefined;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Bytes of its payload; undefined before it is encoded: set when the end is told. */
  readonly size: number | undefined;
  readonly correlationData: Buffer | undefined;
  /** The request that it is the message of. */
  readonly request: MqttObservedRequest | undefined;
  /** The message whose handler it comes from: of a reply, a result, a dead letter. */
  readonly delivery: MqttDelivery | undefined;
  /** Whether it has a place for texts that travel along; see {@link inject}. */
  readonly injectable: boolean;
  /**
   * Has a text travel with the message: as a User Property on 5.0, in `metadata` where the message goes out in Nest's envelope. It
   * replaces one of the same name. Call it before the observer returns.
   *
   * What no packet can carry (section 1.5.4), what brokers end the connection over, and names of the wire contract (`nest-`) are left
   * out, and the log says so: the message itself goes out.
   *
   * @returns whether the message carries it: a plain one on 3.1.1 has no place for it
   */
  inject(name: string, value: string): boolean;
}

/**
 * How a message has ended: `written` to the socket (QoS 0), `acknowledged` by PUBACK or PUBCOMP, `refused` by the broker or because
 * of its limits, `expired` before it was sent, `timeout` or `cancelled` by its caller, `overflow` of the queue of those that wait,
 * `closed` with the connection, or `failed` for another reason, before it was sent.
 */
export interface MqttPublishEnd {
  readonly outcome:
    'written' | 'acknowledged' | 'refused' | 'expired' | 'timeout' | 'cancelled' | 'overflow' | 'closed' | 'failed';
  /** Of the acknowledgement, or the refusal; 0x10 says that nobody subscribes to the topic. */
  readonly reasonCode: number | undefined;
  readonly error: Error | undefined;
}
