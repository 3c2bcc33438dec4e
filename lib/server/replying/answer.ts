import type { Logger } from '@nestjs/common';
import { describeThrown } from '../../errors/describe-thrown.js';
import { PublishRefusedError } from '../../errors/publish-refused.error.js';
import type { OutgoingMessage } from '../../protocol/application-message.js';
import { ReasonCode } from '../../protocol/reason-code.js';
import { nestError } from '../../serialization/error-object.js';
import type { ObservedDelivery } from '../handling/observed-delivery.js';
import type { ReplyFormat, ReplyTarget } from './reply-format.js';
import { sendFrom } from './send-from.js';
import type { Send } from './send.js';

/** A request to reply to. */
export interface AnsweredRequest extends ReplyTarget {
  readonly format: ReplyFormat;
  readonly host: { readonly send: Send; readonly logger: Logger };
  /** The message for observers; undefined if there are none. */
  readonly delivery?: ObservedDelivery | undefined;
  /**
   * Called once, when all replies have been passed to the publisher.
   *
   * @param held whether some of them wait there
   */
  answered(held: boolean): void;
  /** Called once, when the broker has accepted all replies, or they have failed. */
  replied(): void;
}

/** Replies with a single value. */
export function answer(request: AnsweredRequest, value: unknown): void {
  let message: OutgoingMessage | undefined;
  try {
    message = request.format.single(request, value);
  } catch (error) {
    message = insteadOfUnencodable(request, error);
  }
  sendOnly(request, message);
}

/** Replies with an error, before any value. */
export function answerFailure(request: AnsweredRequest, code: string, failure: unknown): void {
  sendOnly(request, failureMessage(request, code, failure, false));
}

/** The error reply. An error that cannot be encoded is sent as `Internal server error`. */
export function failureMessage(
  request: AnsweredRequest,
  code: string,
  failure: unknown,
  streaming: boolean,
): OutgoingMessage | undefined {
  try {
    return request.format.failure(request, code, failure, streaming);
  } catch (error) {
    return insteadOfUnencodable(request, error);
  }
}

/** The error reply for a value that the codec or the serializer could not encode. */
export function insteadOfUnencodable(
  request: AnsweredRequest,
  error: unknown,
  streaming = false,
): OutgoingMessage | undefined {
  const { format, host, message } = request;
  host.logger.error(`The reply to a request on "${message.topic}" cannot be encoded: ${describeThrown(error)}`);
  return format.failure(request, 'internal', nestError('Internal server error'), streaming);
}

/** The error reply for a reply that was refused; undefined if no reply can be sent. Logs the refusal. */
export function insteadOfRefused(
  request: AnsweredRequest,
  error: Error,
  streaming: boolean,
): OutgoingMessage | undefined {
  const { format, host, message } = request;
  host.logger.error(`The reply to a request on "${message.topic}" was not sent: ${error.message}`);
  const tooLarge = error instanceof PublishRefusedError && error.reasonCode === (ReasonCode.PACKET_TOO_LARGE as number);
  return tooLarge ? format.failure(request, 'internal', nestError(TOO_LARGE), streaming) : undefined;
}

const TOO_LARGE = 'The reply is larger than the Maximum Packet Size of the broker';

/** @param message undefined when the request has expired: then no reply is sent */
function sendOnly(request: AnsweredRequest, message: OutgoingMessage | undefined): void {
  if (message === undefined) {
    request.delivery?.replyOmitted();
    request.answered(false);
    request.replied();
    return;
  }
  const accepted = sendReply(request, message, (error) => {
    const instead = error && insteadOfRefused(request, error, false);
    if (instead === undefined) request.replied();
    else sendReply(request, instead, () => request.replied());
  });
  request.answered(!accepted);
}

/** Sends one message of the reply. */
export function sendReply(request: AnsweredRequest, message: OutgoingMessage, settled: Parameters<Send>[1]): boolean {
  return sendFrom(request, 'reply', request.delivery?.handler.template, message, settled);
}
