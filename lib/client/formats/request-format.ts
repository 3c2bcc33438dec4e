import type { OutgoingMessage, PublishPacket } from '../../protocol/application-message.js';
import type { RequestKey } from '../requests/correlation-data.js';
import type { Request } from '../requests/request.js';
import type { RequestCall } from '../requests/request-call.js';

/** Requests whose replies are awaited, by what a reply tells of its request. */
export type AwaitedRequests = ReadonlyMap<RequestKey, Request>;

/** How requests are put on the wire, and how their replies are known again. */
export interface RequestFormat {
  /** Whether only one request at a time may wait on a Response Topic, because replies do not say which one they answer. */
  readonly exclusive: boolean;
  /** Whether it is Nest's envelope, which has room for metadata. */
  readonly enveloped: boolean;
  /**
   * Looks at a call, once, before anything is done for it.
   *
   * @throws InvalidTopicError, InvalidOptionsError
   * @throws FeatureNotSupportedError when it asks for what 3.1.1 does not have, or there can be no reply
   */
  check(call: RequestCall): void;
  /** Topic that the reply is to come on; undefined for the client's own inbox. */
  responseTopic(call: RequestCall): string | undefined;
  /**
   * Makes the message of a request whose Response Topic is known, and sets the key by which its reply is known again.
   *
   * @param remainingMs time that is left for the request
   * @throws PayloadEncodeError
   */
  compose(request: Request, remainingMs: number): OutgoingMessage;
  /**
   * Takes a message that came on one of this format's Response Topics.
   *
   * @returns whether a request was waiting for it
   */
  receive(packet: PublishPacket, awaited: AwaitedRequests): boolean;
}
