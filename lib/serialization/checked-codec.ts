import type { DecodeHints, EncodedPayload, MqttCodec } from '../protocol/codec.js';

/**
 * Encodes with a codec, which may be the application's.
 *
 * @throws TypeError when the codec returns no payload; and any error of the codec
 */
export function encodeWith(codec: MqttCodec, value: unknown): EncodedPayload {
  const encoded = codec.encode(value) as EncodedPayload | undefined;
  const payload: unknown = encoded?.payload;
  if (typeof payload === 'string' || payload instanceof Uint8Array) return encoded!;
  withoutPromise<unknown>(encoded, 'codec');
  throw new TypeError('the codec returned no payload; encode() must return { payload }, with a Buffer or a string');
}

/** Decodes with a codec, which may be the application's. @throws TypeError when it returns a promise; and any error of the codec */
export function decodeWith(codec: MqttCodec, payload: Buffer, hints: DecodeHints): unknown {
  return withoutPromise(codec.decode(payload, hints), 'codec');
}

/** @throws TypeError for a promise: it would not be awaited, and its rejection would be unhandled */
export function withoutPromise<T>(result: T, what: string): T {
  if (typeof result !== 'object' || !(result instanceof Promise)) return result;
  result.catch(() => {});
  throw new TypeError(`the ${what} returned a promise; it must return the value itself`);
}
