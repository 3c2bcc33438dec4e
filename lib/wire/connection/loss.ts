import { describeReasonCode, ReasonCode } from '../../protocol/reason-code.js';

/** How a network connection ended, for the components whose packets may be the cause. */
export interface Loss {
  /** Whether the broker may have closed it because of a packet. */
  readonly hangUp: boolean;
  /** Whether this is also true for the previous connection. */
  readonly repeated: boolean;
  /** Reason code of the broker's DISCONNECT (5.0). */
  readonly reasonCode: number | undefined;
  /** URL of the broker, without credentials. */
  readonly broker: string;
  readonly protocolVersion: 4 | 5;
  /** Set when a packet is suspected to be the cause. */
  suspected: boolean;
  /** Set when the cause is known, so that it is not a session takeover by another client. */
  explained: boolean;
}

/** How long a topic or filter is refused because of which the broker has closed the connection twice, in milliseconds. */
export const REFUSED_FOR_MS = 60_000;
export const MAX_REFUSED = 1_000;

/** The reason of the refusal. */
export function reasonOfHangUp({ reasonCode = ReasonCode.UNSPECIFIED_ERROR, broker }: Loss): string {
  return `${describeReasonCode(reasonCode)}: ${broker} closed the connection because of it, twice`;
}
