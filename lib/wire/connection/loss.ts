import { describeReasonCode, ReasonCode } from '../../protocol/reason-code.js';

/** How a network connection ended, for those whose packets may have ended it. */
export interface Loss {
  /** Whether the broker may have ended it over something that it was sent. */
  readonly hangUp: boolean;
  /** Whether it did so with the connection before as well. */
  readonly repeated: boolean;
  /** What the broker said in a DISCONNECT (5.0). */
  readonly reasonCode: number | undefined;
  /** Where the connection went, without credentials. */
  readonly broker: string;
  readonly protocolVersion: 4 | 5;
  /** Set when something was sent that may have ended it. */
  suspected: boolean;
  /** Set when the cause is known: then it is not another client that took over the session. */
  explained: boolean;
}

/** How long is refused what the broker has ended the connection over twice, in milliseconds. */
export const REFUSED_FOR_MS = 60_000;
export const MAX_REFUSED = 1_000;

/** In words why it is refused. */
export function reasonOfHangUp({ reasonCode = ReasonCode.UNSPECIFIED_ERROR, broker }: Loss): string {
  return `${describeReasonCode(reasonCode)}: ${broker} ended the connection over it twice`;
}
