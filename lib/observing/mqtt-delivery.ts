import type { QoS, UserProperties } from '../protocol/application-message.js';
import type { MqttObservedConnection } from './mqtt-observed-connection.js';
import type { MqttObservedHandler } from './mqtt-observed-handler.js';

/** A message for one handler. All calls about it get the same object, so that it can be the key of a `WeakMap`. */
export interface MqttDelivery {
  readonly connection: MqttObservedConnection;
  readonly handler: MqttObservedHandler;
  /** Topic Name. Not suitable as a metric label: there may be one for each device. */
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly dup: boolean;
  /** Packet Identifier; undefined at QoS 0. */
  readonly packetId: number | undefined;
  readonly contentType: string | undefined;
  readonly correlationData: Buffer | undefined;
  readonly userProperties: Readonly<UserProperties>;
  /** `metadata` of Nest's envelope; undefined if there is none, or before the message is decoded. */
  readonly metadata: Readonly<Record<string, string>> | undefined;
  /** 0 before the first run of the handler, 1 during it, 2 during the first retry, and so on. */
  readonly attempt: number;
  /** Time of arrival, in milliseconds since the epoch. */
  readonly receivedAt: number;
}

/** A retry of a handler. */
export interface MqttRetry {
  /** The error of the failed run. */
  readonly error: unknown;
  /** Milliseconds until the next run. */
  readonly delayMs: number;
}

/** The result of the last run of a handler. */
export interface MqttHandled {
  readonly failed: boolean;
  /** The error as thrown, before Nest's exception filters; a `PayloadDecodeError` if the payload could not be decoded. Undefined on success. */
  readonly error: unknown;
  /**
   * Kind of failure, as sent to a caller: `internal` for errors that Nest masks, `rpc` for other errors, `timeout` after
   * `handlerTimeout`, `bad-request` for payloads that cannot be decoded. Undefined on success.
   */
  readonly code: 'internal' | 'rpc' | 'timeout' | 'bad-request' | undefined;
  /** Milliseconds from the assignment of a worker to the end of the last run, including decoding, retries and their delays. */
  readonly durationMs: number;
}

/** The result of publishing a dead letter. */
export interface MqttDeadLetter {
  /** Dead letter topic; undefined where the handler has none. */
  readonly topic: string | undefined;
  /** Its name in the dead letter store; undefined where it is not kept in one. */
  readonly id: string | undefined;
  /** Why the message is given up, in words. */
  readonly reason: string;
  /** Set when the broker has not accepted the dead letter: the message is withheld instead. */
  readonly error: Error | undefined;
}

/**
 * The decision of a handler about its message: `acked`; `rejected` with a reason code (on 3.1.1 it is acknowledged); `withheld`, to be
 * delivered again; `left` unacknowledged by a server that closes; `dead-lettered`, and acknowledged. At QoS 0 nothing is sent to the
 * broker. When several handlers match one message, the strictest decision is sent.
 */
export interface MqttSettlement {
  readonly outcome: 'acked' | 'rejected' | 'withheld' | 'left' | 'dead-lettered' | 'lost';
  /** Of a rejection. */
  readonly reasonCode: number | undefined;
  readonly reasonString: string | undefined;
  /** Milliseconds since the arrival of the message. */
  readonly afterMs: number;
}
