/** What is decided about a message: acknowledged, refused with a reason code, or withheld so that it comes again. */
export type Decision =
  | { readonly kind: 'ack' }
  | { readonly kind: 'reject'; readonly reasonCode: number; readonly reasonString?: string | undefined }
  | { readonly kind: 'nack' };

export const ACK: Decision = Object.freeze({ kind: 'ack' });
export const NACK: Decision = Object.freeze({ kind: 'nack' });

/** A QoS 1 or QoS 2 message whose acknowledgement waits for a decision. The first decision counts. */
export interface Delivery {
  readonly qos: 1 | 2;
  /** When it arrived, in milliseconds since the epoch. */
  readonly arrivedAt: number;
  decide(decision: Decision): void;
}
