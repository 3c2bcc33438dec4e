import { ConnectionClosedError } from '../errors/connection-closed.error.js';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';

/** The connection ended before the request on `topic` did. */
export function requestCutShort(
  broker: string,
  topic: string,
  maybeExecuted: boolean,
  cause: Error | undefined,
): ConnectionClosedError {
  return new ConnectionClosedError(
    `The connection to ${broker} ended before the request on "${topic}" did.`,
    maybeExecuted,
    { cause },
  );
}

/** The subscription that the reply would have come by is gone. */
export function replyLost(broker: string, topic: string): ConnectionClosedError {
  return new ConnectionClosedError(
    `${broker} lost the session while the request on "${topic}" was under way: its reply cannot come any more.`,
    true,
  );
}

/** Two requests cannot wait for one and the same reply. */
export function duplicateCorrelation(topic: string): InvalidOptionsError {
  return new InvalidOptionsError([
    {
      option: `correlationData of the request on "${topic}"`,
      problem: 'another request with the same bytes is still waiting for its reply',
      remedy: 'Leave it out, or choose new bytes for each request',
    },
  ]);
}
