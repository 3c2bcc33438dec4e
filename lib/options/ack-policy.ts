/**
 * When a QoS 1 or QoS 2 message is acknowledged, and what happens to it when its handler fails.
 *
 * The acknowledgement is PUBACK for QoS 1 and PUBREC for QoS 2. QoS 0 has none: policies have no effect there.
 */
export enum AckPolicy {
  /** Acknowledged when the handler has finished, whatever its outcome. */
  ACK = 'ACK',
  /** Acknowledged before the handler runs: at most once, like QoS 0. */
  ACK_FIRST = 'ACK_FIRST',
  /**
   * On success the message is acknowledged; on failure it is rejected with `rejectReasonCode`, and the broker drops it. The option
   * `negativeAcknowledgements` selects the acknowledgements that carry the reason code: by default those of QoS 1, while a QoS 2
   * exchange completes normally. 3.1.1 has no negative acknowledgement: there a failed message is acknowledged.
   */
  REJECT_ON_ERROR = 'REJECT_ON_ERROR',
  /**
   * On success the message is acknowledged; on failure the acknowledgement is withheld, so that the broker delivers the message again
   * when the session is resumed. Needs a session that outlives the connection: `clientId`, `clean: false` and, on 5.0, a Session
   * Expiry Interval.
   */
  NACK_ON_ERROR = 'NACK_ON_ERROR',
  /** The message is acknowledged only when the handler calls `context.ack()`, `nack()` or `reject()`. */
  MANUAL = 'MANUAL',
}
