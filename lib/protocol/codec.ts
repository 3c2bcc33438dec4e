/** Information about a payload for its decoding. */
export interface DecodeHints {
  /** Content Type of the message (5.0), set by its publisher. */
  readonly contentType: string | undefined;
  readonly topic: string;
}

/** An encoded value. */
export interface EncodedPayload {
  readonly payload: Buffer | string;
  /** Content Type of the message on 5.0. */
  readonly contentType?: string | undefined;
}

/**
 * Encodes application values as payloads, and decodes them.
 *
 * `decode` throws when a payload is invalid: the handling of the message then fails.
 */
export interface MqttCodec {
  /** Must not change the value. An error it throws becomes the `cause` of a {@link PayloadEncodeError}. */
  encode(value: unknown): EncodedPayload;
  /** Must not change the payload. An error it throws becomes the `cause` of a {@link PayloadDecodeError}. */
  decode(payload: Buffer, hints: DecodeHints): unknown;
}
