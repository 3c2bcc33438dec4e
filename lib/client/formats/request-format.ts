import type { OutgoingMessage, PublishPacket } from '../../protocol/application-message.js';
import type { RequestKey } from '../requests/correlation-data.js';
import type { Request } from '../requests/request.js';
import type { RequestCall } from '../requests/request-call.js';

/** Pending requests, by the key that a reply has in common with its request. */
export type AwaitedRequests = ReadonlyMap<RequestKey, Request>;

/** How requests are encoded, and how their replies are matched. */
export interface RequestFormat {
  /** Whether only one request at a time may use a Response Topic, because replies do not identify their request. */
  readonly exclusive: boolean;
  /** Whether it is Nest's envelope, which can carry metadata. */
  readonly enveloped: boolean;
  /**
   * Validates a call, once, before it has any effect.
   *
   * @throws InvalidTopicError, InvalidOptionsError
   * @throws FeatureNotSupportedError when it uses options that 3.1.1 does not have, or no reply is possible
   */
  check(call: RequestCall): void;
  /** Topic of the reply; undefined for the client's own inbox. */
  responseTopic(call: RequestCall): string | undefined;
  /**
   * Creates the message of a request whose Response Topic is known, and sets the key that identifies its reply.
   *
   * @param remainingMs remaining time of the request
   * @throws PayloadEncodeError
   */
  compose(request: Request, remainingMs: number): OutgoingMessage;
  /**
   * Handles a message on one of this format's Response Topics.
   *
   * @returns whether a request was waiting for it
   */
  receive(packet: PublishPacket, awaited: AwaitedRequests): boolean;
}
