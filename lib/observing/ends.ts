import { BackpressureError } from '../errors/backpressure.error.js';
import { ConnectionClosedError } from '../errors/connection-closed.error.js';
import { MessageExpiredError } from '../errors/message-expired.error.js';
import { NoMatchingSubscribersError } from '../errors/no-matching-subscribers.error.js';
import { PublishCancelledError } from '../errors/publish-cancelled.error.js';
import { PublishRefusedError } from '../errors/publish-refused.error.js';
import { PublishTimeoutError } from '../errors/publish-timeout.error.js';
import { RemoteError } from '../errors/remote.error.js';
import { RequestCancelledError } from '../errors/request-cancelled.error.js';
import { RequestTimeoutError } from '../errors/request-timeout.error.js';
import type { QoS } from '../protocol/application-message.js';
import type { MqttRequestEnd } from './mqtt-observed-request.js';
import type { MqttPublishEnd } from './mqtt-publication.js';

/** The end of a message that was removed from the queue before it was sent, because its result is no longer needed. */
export const WITHDRAWN: MqttPublishEnd = Object.freeze({
  outcome: 'cancelled',
  reasonCode: undefined,
  error: undefined,
});

/** The end of a publication, from the result of the publisher. */
export function publishEndOf(qos: QoS, error: unknown, reasonCode: number | undefined): MqttPublishEnd {
  if (error === undefined)
    return qos === 0
      ? { outcome: 'written', reasonCode: undefined, error: undefined }
      : { outcome: 'acknowledged', reasonCode, error: undefined };
  return {
    outcome: failedPublish(error),
    reasonCode: error instanceof PublishRefusedError ? error.reasonCode : undefined,
    error: asError(error),
  };
}

/** The end of a request. @param answered whether a responder has sent it */
export function requestEndOf(answered: boolean, error: unknown): MqttRequestEnd {
  if (error !== undefined) return { outcome: failedRequest(error), error: asError(error) };
  return { outcome: answered ? 'replied' : 'cancelled', error: undefined };
}

function failedPublish(error: unknown): MqttPublishEnd['outcome'] {
  if (error instanceof PublishRefusedError) return 'refused';
  if (error instanceof MessageExpiredError) return 'expired';
  if (error instanceof PublishTimeoutError) return 'timeout';
  if (error instanceof PublishCancelledError) return 'cancelled';
  if (error instanceof BackpressureError) return 'overflow';
  return error instanceof ConnectionClosedError ? 'closed' : 'failed';
}

function failedRequest(error: unknown): MqttRequestEnd['outcome'] {
  if (error instanceof RemoteError) return 'remote-error';
  if (error instanceof RequestTimeoutError || error instanceof MessageExpiredError) return 'timeout';
  if (error instanceof RequestCancelledError) return 'cancelled';
  if (error instanceof PublishRefusedError || error instanceof NoMatchingSubscribersError) return 'refused';
  if (error instanceof BackpressureError) return 'overflow';
  return error instanceof ConnectionClosedError ? 'closed' : 'failed';
}

/** A codec of the application may throw any value. */
function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('A value that is not an Error was thrown', { cause: error });
}
