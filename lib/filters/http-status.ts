import { HttpStatus } from '@nestjs/common';
import { BackpressureError } from '../errors/backpressure.error.js';
import { ConnectionClosedError } from '../errors/connection-closed.error.js';
import { ConnectionRefusedError } from '../errors/connection-refused.error.js';
import { DeadLetterError, type DeadLetterProblem } from '../errors/dead-letter.error.js';
import { InvalidTopicError } from '../errors/invalid-topic.error.js';
import { MessageExpiredError } from '../errors/message-expired.error.js';
import type { MqttTransportError } from '../errors/mqtt-transport.error.js';
import { NoMatchingSubscribersError } from '../errors/no-matching-subscribers.error.js';
import { PayloadDecodeError } from '../errors/payload-decode.error.js';
import { PublishCancelledError } from '../errors/publish-cancelled.error.js';
import { PublishRefusedError } from '../errors/publish-refused.error.js';
import { PublishTimeoutError } from '../errors/publish-timeout.error.js';
import { RemoteError } from '../errors/remote.error.js';
import { RequestCancelledError } from '../errors/request-cancelled.error.js';
import { RequestTimeoutError } from '../errors/request-timeout.error.js';
import { StreamGapError } from '../errors/stream-gap.error.js';
import { SubscriptionRefusedError } from '../errors/subscription-refused.error.js';
import { ReasonCode } from '../protocol/reason-code.js';

type ErrorClass = abstract new (...args: never[]) => MqttTransportError;

/** All other errors are mistakes of this application: 500. */
const STATUSES: readonly (readonly [HttpStatus, readonly ErrorClass[]])[] = [
  [HttpStatus.BAD_REQUEST, [InvalidTopicError]], // the topic may contain input of the HTTP client
  [HttpStatus.BAD_GATEWAY, [PayloadDecodeError, PublishRefusedError, StreamGapError, SubscriptionRefusedError]],
  [
    HttpStatus.SERVICE_UNAVAILABLE,
    [
      BackpressureError,
      ConnectionClosedError,
      ConnectionRefusedError,
      MessageExpiredError,
      NoMatchingSubscribersError, // not 404: the resource may exist, but its service is not running
      PublishCancelledError,
      RequestCancelledError,
    ],
  ],
  [HttpStatus.GATEWAY_TIMEOUT, [PublishTimeoutError, RequestTimeoutError]],
];

/** Statuses by the code of a handler's failure, for failures without a status. */
const REMOTE_STATUSES: Readonly<Record<string, HttpStatus>> = {
  'bad-request': HttpStatus.BAD_REQUEST,
  cancelled: HttpStatus.SERVICE_UNAVAILABLE,
  timeout: HttpStatus.GATEWAY_TIMEOUT,
};

const DEAD_LETTER_STATUSES: Readonly<Record<DeadLetterProblem, HttpStatus>> = {
  unknown: HttpStatus.NOT_FOUND,
  claimed: HttpStatus.CONFLICT,
  'max-replays': HttpStatus.CONFLICT,
  'no-handler': HttpStatus.CONFLICT,
  'not-serving': HttpStatus.SERVICE_UNAVAILABLE,
  failed: HttpStatus.BAD_GATEWAY,
  'not-removed': HttpStatus.SERVICE_UNAVAILABLE,
  'no-store': HttpStatus.INTERNAL_SERVER_ERROR,
  full: HttpStatus.SERVICE_UNAVAILABLE,
  store: HttpStatus.SERVICE_UNAVAILABLE,
};

/** HTTP status code for an error of this transport. */
export function httpStatusOf(error: MqttTransportError): number {
  if (error instanceof RemoteError) return statusOfRemote(error);
  if (error instanceof DeadLetterError) return DEAD_LETTER_STATUSES[error.problem];
  if (error instanceof PublishRefusedError && error.reasonCode === (ReasonCode.PACKET_TOO_LARGE as number))
    return HttpStatus.PAYLOAD_TOO_LARGE;
  const found = STATUSES.find(([, classes]) => classes.some((errorClass) => error instanceof errorClass));
  return found?.[0] ?? HttpStatus.INTERNAL_SERVER_ERROR;
}

function statusOfRemote({ code, data }: RemoteError): number {
  const carried = (typeof data === 'object' && data !== null ? data : {}) as { statusCode?: unknown; status?: unknown };
  const status = [carried.statusCode, carried.status].find(isFailure);
  if (status !== undefined) return status;
  return Object.hasOwn(REMOTE_STATUSES, code) ? REMOTE_STATUSES[code]! : HttpStatus.INTERNAL_SERVER_ERROR;
}

function isFailure(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 400 && (value as number) <= 599;
}
