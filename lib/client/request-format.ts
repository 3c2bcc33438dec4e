import type { OutgoingMessage, PublishPacket } from '../protocol/application-message.js';
import type { MqttRecordOptions } from '../records/mqtt-record.js';

/** What a caller asks for. */
export interface RequestCall {
  /** The pattern as it was given, which Nest's envelope carries along. */
  readonly pattern: unknown;
  readonly topic: string;
  readonly data: unknown;
  readonly options: Readonly<MqttRecordOptions>;
}

/** A request as it is written, and the key by which its reply is known again. */
export interface ComposedRequest {
  readonly key: string;
  readonly message: OutgoingMessage;
}

/** How requests are put on the wire, and how their replies are known again. */
export interface RequestFormat {
  /** Whether only one request at a time may wait on a Response Topic, because replies do not say which one they answer. */
  readonly exclusive: boolean;
  /**
   * Looks at a call before anything is sent for it.
   *
   * @throws InvalidTopicError
   * @throws FeatureNotSupportedError when it asks for what 3.1.1 does not have, or there can be no reply
   */
  check(call: RequestCall): void;
  /** Topic that the reply is to come on; undefined for the client's own inbox. */
  responseTopic(call: RequestCall): string | undefined;
  /** @param remainingMs time that is left for the request */
  compose(call: RequestCall, responseTopic: string, remainingMs: number): ComposedRequest;
  /**
   * Takes a message that came on one of this format's Response Topics.
   *
   * @returns whether a request was waiting for it
   */
  receive(topic: string, payload: Buffer, packet: PublishPacket): boolean;
}
