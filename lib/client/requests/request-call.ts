import type { PublishPacket } from '../../protocol/application-message.js';
import type { MqttRecordOptions } from '../../records/mqtt-record.js';

/** A call of `send()` or `request()`. */
export interface RequestCall {
  /** The original pattern, which is part of Nest's envelope. */
  readonly pattern: unknown;
  readonly topic: string;
  readonly data: unknown;
  readonly options: Readonly<MqttRecordOptions>;
  /** Metadata of instrumentation (Nest 12): sent in Nest's envelope, and as User Properties on 5.0. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Receives the replies to a request. `error` or `complete` is called last, once. */
export interface CallObserver {
  next(data: unknown, packet: PublishPacket): void;
  error(error: unknown): void;
  /** @param end the message that ended the stream without a value, if any */
  complete(end?: PublishPacket): void;
}
