import type { PublishPacket } from '../../protocol/application-message.js';
import type { MqttRecordOptions } from '../../records/mqtt-record.js';

/** What a caller asks for. */
export interface RequestCall {
  /** The pattern as it was given, which Nest's envelope carries along. */
  readonly pattern: unknown;
  readonly topic: string;
  readonly data: unknown;
  readonly options: Readonly<MqttRecordOptions>;
  /** What instrumentation wants to travel along (Nest 12): in Nest's envelope, and as User Properties on 5.0. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Told what becomes of a request. One of `error` and `complete` comes last, once. */
export interface CallObserver {
  next(data: unknown, packet: PublishPacket): void;
  error(error: unknown): void;
  /** @param end the message that said so, where it held no value */
  complete(end?: PublishPacket): void;
}
