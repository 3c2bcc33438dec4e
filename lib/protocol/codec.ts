/** What is known about a payload when it is decoded. */
export interface DecodeHints {
  /** Content Type of the message (5.0), as its publisher named it. */
  readonly contentType: string | undefined;
  readonly topic: string;
}

/** What a value has become. */
export interface EncodedPayload {
  readonly payload: Buffer | string;
  /** Content Type that travels with the payload on 5.0. */
  readonly contentType?: string | undefined;
}

/**
 * Turns application values into payloads and back.
 *
 * `decode` throws when a payload is not what it should be: the message then counts as failed.
 */
export interface MqttCodec {
  /** Must not change the value. What it throws becomes the cause of a {@link PayloadEncodeError}. */
  encode(value: unknown): EncodedPayload;
  /** Must not change the payload. What it throws becomes the cause of a {@link PayloadDecodeError}. */
  decode(payload: Buffer, hints: DecodeHints): unknown;
}
