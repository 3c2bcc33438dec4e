import { textOfFailure } from '../errors/failure-reason.js';
import { AckPolicy } from '../options/ack-policy.js';
import { ACK, NACK, rejection, type Decision } from '../protocol/delivery.js';
import { AckMessage, NackMessage, RejectMessage } from './acknowledgement-exceptions.js';

export interface FailedOutcome {
  readonly failed: true;
  /** The error after Nest's exception filters: safe to show to callers. */
  readonly error: unknown;
  /** The original error, if the filters have replaced it. */
  readonly thrown?: unknown;
}

/** How a handler ended. */
export type Outcome = { readonly failed: false } | FailedOutcome;

export const SUCCESS: Outcome = Object.freeze({ failed: false });

interface PolicyOptions {
  readonly ackPolicy: AckPolicy;
  readonly rejectReasonCode: number;
}

/** The decision of a thrown {@link AckMessage}, {@link NackMessage} or {@link RejectMessage}; undefined for any other error. */
export function decisionOfException(error: unknown, rejectReasonCode: number): Decision | undefined {
  if (error instanceof AckMessage) return ACK;
  if (error instanceof NackMessage) return NACK;
  if (error instanceof RejectMessage) {
    return rejection(error.reasonCode ?? rejectReasonCode, error.reasonString);
  }
  return undefined;
}

/** The decision of a policy after the handler has ended; undefined when the handler decides itself (`MANUAL`). */
export function decisionOfPolicy(
  { ackPolicy, rejectReasonCode }: PolicyOptions,
  outcome: Outcome,
): Decision | undefined {
  switch (ackPolicy) {
    case AckPolicy.ACK:
    case AckPolicy.ACK_FIRST:
      return ACK;
    case AckPolicy.REJECT_ON_ERROR:
      return outcome.failed ? rejection(rejectReasonCode, textOfFailure(outcome.error)) : ACK;
    case AckPolicy.NACK_ON_ERROR:
      return outcome.failed ? NACK : ACK;
    case AckPolicy.MANUAL:
      return undefined;
    default:
      return ackPolicy satisfies never;
  }
}
