import { utf8Excerpt } from './utf8-string.js';

/**
 * What is decided about a message: acknowledged, refused with a reason code, or withheld. What is withheld comes again when the
 * session is resumed; `again` says whether that is wished for.
 */
export type Decision = { readonly kind: 'ack' } | Rejection | { readonly kind: 'nack'; readonly again: boolean };

/** A message that is refused for good. */
export interface Rejection {
  readonly kind: 'reject';
  readonly reasonCode: number;
  readonly reasonString?: string | undefined;
}

export const ACK: Decision = Object.freeze({ kind: 'ack' });
export const NACK: Decision = Object.freeze({ kind: 'nack', again: true });
/** Left with the broker: no handler would take the message the next time either. */
export const LEAVE: Decision = Object.freeze({ kind: 'nack', again: false });

/** Longest reason that is sent along: it must not push an acknowledgement over a broker's packet limit. */
const LONGEST_REASON = 256;

/** @param reason any value; it is sent to the broker as a UTF-8 string of bounded length */
export function rejection(reasonCode: number, reason: string | undefined): Rejection {
  return { kind: 'reject', reasonCode, reasonString: reason && utf8Excerpt(reason, LONGEST_REASON) };
}

/** Receives a handler's decision about a message: the message itself, or the object that combines the decisions of several handlers. */
export interface Settling {
  decide(decision: Decision): void;
}
