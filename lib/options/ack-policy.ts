/**
 * When a QoS 1 or QoS 2 message is acknowledged, and what becomes of it when its handler fails.
 *
 * Acknowledging is PUBACK for QoS 1 and PUBREC for QoS 2. QoS 0 has no acknowledgement: there every policy is a no-op.
 */
export enum AckPolicy {
  /** Acknowledged when the handler has finished, whatever its outcome. */
  ACK = 'ACK',
  /** Acknowledged before the handler runs: at most once. */
  ACK_FIRST = 'ACK_FIRST',
  /**
   * Success acknowledges; failure refuses the message with `rejectReasonCode`, and the broker drops it. The option
   * `negativeAcknowledgements` says which acknowledgements carry the reason code: by default those of QoS 1, while a QoS 2 exchange
   * completes normally. On 3.1.1, which has no negative acknowledgement, failure acknowledges too.
   */
  REJECT_ON_ERROR = 'REJECT_ON_ERROR',
  /**
   * Success acknowledges; failure withholds the acknowledgement, so that the broker delivers the message again when the
   * session is resumed. Needs a session that survives: a Client Identifier, `clean: false` and, on 5.0, a session expiry.
   */
  NACK_ON_ERROR = 'NACK_ON_ERROR',
  /** Nothing is acknowledged until the handler calls `context.ack()`, `nack()` or `reject()`. */
  MANUAL = 'MANUAL',
}
