import { utf8Excerpt } from './utf8-string.js';

/**
 * The decision about a message: acknowledge it, reject it with a reason code, or withhold the acknowledgement. A withheld message is
 * delivered again when the session is resumed; `again` says whether the server should resume it for that (option `redelivery`).
 */
export type Decision = { readonly kind: 'ack' } | Rejection | { readonly kind: 'nack'; readonly again: boolean };

/** Rejects a message permanently. */
export interface Rejection {
  readonly kind: 'reject';
  readonly reasonCode: number;
  readonly reasonString?: string | undefined;
}

export const ACK: Decision = Object.freeze({ kind: 'ack' });
export const NACK: Decision = Object.freeze({ kind: 'nack', again: true });
/** Withholds the acknowledgement without asking for redelivery: no handler would accept the message the next time either. */
export const LEAVE: Decision = Object.freeze({ kind: 'nack', again: false });

/** Maximum length of the Reason String, so that an acknowledgement does not exceed the broker's Maximum Packet Size. */
const MAX_REASON_LENGTH = 256;

/** @param reason any value; it is sent to the broker as a UTF-8 string of bounded length */
export function rejection(reasonCode: number, reason: string | undefined): Rejection {
  return { kind: 'reject', reasonCode, reasonString: reason && utf8Excerpt(reason, MAX_REASON_LENGTH) };
}

/** Receives the decision of a handler: the message itself, or a {@link Settlement} that combines the decisions of several handlers. */
export interface Settling {
  decide(decision: Decision): void;
}
