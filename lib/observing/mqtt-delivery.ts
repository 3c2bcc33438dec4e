import type { QoS, UserProperties } from '../protocol/application-message.js';
import type { MqttObservedConnection } from './mqtt-observed-connection.js';
import type { MqttObservedHandler } from './mqtt-observed-handler.js';

/** A message for one handler. The same object in all that is told of it, so that it can be the key of a `WeakMap`. */
export interface MqttDelivery {
  readonly connection: MqttObservedConnection;
  readonly handler: MqttObservedHandler;
  /** Topic Name. There may be one for each device: no label. */
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
  /** `metadata` of Nest's envelope; undefined before the message is decoded, and where there is none. */
  readonly metadata: Readonly<Record<string, string>> | undefined;
  /** 0 before the first run of the handler, 1 while it lasts, 2 for the first retry, ... */
  readonly attempt: number;
  /** When the message came, in milliseconds since the epoch. */
  readonly receivedAt: number;
}

/** The handler is going to run again. */
export interface MqttRetry {
  /** What the run has failed with. */
  readonly error: unknown;
  /** Milliseconds until the next run. */
  readonly delayMs: number;
}

/** How the last run of a handler has ended. */
export interface MqttHandled {
  readonly failed: boolean;
  /** What it has failed with: what was thrown, before Nest's filters; a `PayloadDecodeError` when the handler has not run. */
  readonly error: unknown;
  /**
   * What kind of failure it is, as a caller is told: `internal` for what Nest has masked, `rpc` for any other error, `timeout` of
   * `handlerTimeout`, `bad-request` for what cannot be decoded. Undefined when it has not failed.
   */
  readonly code: 'internal' | 'rpc' | 'timeout' | 'bad-request' | undefined;
  /** Milliseconds from when the message had a worker to the end of the last run: decoding, retries and their delays included. */
  readonly durationMs: number;
}

/** What became of a dead letter. */
export interface MqttDeadLetter {
  /** Dead letter topic; undefined where the handler has none. */
  readonly topic: string | undefined;
  /** Its name in the dead letter store; undefined where it is not kept in one. */
  readonly id: string | undefined;
  /** Why the message is given up, in words. */
  readonly reason: string;
  /** Set when the broker or the store has not accepted it, or `onDeadLetter` has failed; see `onDeadLetterFailure`. */
  readonly error: Error | undefined;
}

/**
 * What a handler has decided about its message: `acked`; `rejected` with a reason code (on 3.1.1 that is an acknowledgement);
 * `withheld`, to be delivered again; `left` with the broker by a server that closes; `dead-lettered`, and acknowledged; `lost`: it came
 * at QoS 0, so that what would be withheld, or left, is gone. The broker is told of none at QoS 0. Where several handlers take one
 * message, the strictest decision counts for the broker.
 */
export interface MqttSettlement {
  readonly outcome: 'acked' | 'rejected' | 'withheld' | 'left' | 'dead-lettered' | 'lost';
  /** Of a rejection. */
  readonly reasonCode: number | undefined;
  readonly reasonString: string | undefined;
  /** Milliseconds since the message came. */
  readonly afterMs: number;
}
