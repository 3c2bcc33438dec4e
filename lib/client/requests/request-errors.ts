import { BackpressureError } from '../../errors/backpressure.error.js';
import { ConnectionClosedError } from '../../errors/connection-closed.error.js';
import { InvalidOptionsError } from '../../errors/invalid-options.error.js';
import { RequestTimeoutError } from '../../errors/request-timeout.error.js';
import type { Connection } from '../../wire/connection/connection.js';
import type { Request } from './request.js';

/** The connection ended before the request was complete. */
export function requestCutShort(
  broker: string,
  topic: string,
  maybeExecuted: boolean,
  cause: Error | undefined,
): ConnectionClosedError {
  return new ConnectionClosedError(
    `The connection to ${broker} ended before the request on "${topic}" was complete.`,
    maybeExecuted,
    { cause },
  );
}

/** The subscription for the reply was lost with the session. */
export function replyLost(broker: string, topic: string): ConnectionClosedError {
  return new ConnectionClosedError(
    `${broker} lost the session while the request on "${topic}" was pending: its reply can no longer arrive.`,
    true,
  );
}

/** Two pending requests must not have the same Correlation Data. */
export function duplicateCorrelation(topic: string): InvalidOptionsError {
  return new InvalidOptionsError([
    {
      option: `correlationData of the request on "${topic}"`,
      problem: 'another pending request has the same bytes',
      remedy: 'Remove it, or use new bytes for each request',
    },
  ]);
}

/** `maxPendingRequests` was reached until the deadline: nothing was sent. */
export function noRoom({ topic, timeoutMs }: Request, maxPendingRequests: number): BackpressureError {
  const what = `No room for the request on "${topic}" within ${timeoutMs} ms`;
  return new BackpressureError('maxPendingRequests', maxPendingRequests, what);
}

/** The request timed out. @param waitsForTurn whether it was waiting for other requests on its Response Topic */
export function requestTimedOut(request: Request, connection: Connection, waitsForTurn: boolean): RequestTimeoutError {
  const { topic, timeoutMs, sent } = request;
  const { connected, lastError } = connection;
  return new RequestTimeoutError(topic, timeoutMs, {
    ...(sent ? { hint: hintOf(connection) } : { notSentBecause: obstacleOf(request, connection, waitsForTurn) }),
    ...(!connected && lastError && { cause: lastError }),
  });
}

function obstacleOf({ responseTopic }: Request, connection: Connection, waitsForTurn: boolean): string {
  const { broker, connected } = connection;
  if (!connected)
    return `there was no connection to ${broker}${reasonIn(connection)}. Check that the broker can be reached, or allow more time.`;
  if (waitsForTurn)
    return 'it waited for other requests with the same Response Topic. Use another responseTopic, or allow more time.';
  if (responseTopic === undefined)
    return `${broker} did not answer the SUBSCRIBE for its Response Topic. Check the broker, or allow more time.`;
  return `${broker} did not accept the queued messages in time. Slow down, or allow more time.`;
}

function hintOf(connection: Connection): string | undefined {
  const { broker, connected, options } = connection;
  if (!connected) return `There is no connection to ${broker} at present${reasonIn(connection)}.`;
  const maximumPacketSize = options.mqtt.properties?.maximumPacketSize;
  if (maximumPacketSize === undefined) return undefined;
  return `A reply of more than ${maximumPacketSize} bytes is not delivered to this client (properties.maximumPacketSize).`;
}

function reasonIn({ lastError }: Connection): string {
  return lastError ? ` (${lastError.message})` : '';
}
