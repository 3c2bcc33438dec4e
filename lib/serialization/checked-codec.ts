import type { DecodeHints, EncodedPayload, MqttCodec } from '../protocol/codec.js';

/**
 * Encodes with a codec that the application may have written itself.
 *
 * @throws TypeError when it gives no payload; and whatever it throws
 */
export function encodeWith(codec: MqttCodec, value: unknown): EncodedPayload {
  const encoded = codec.encode(value) as EncodedPayload | undefined;
  const payload: unknown = encoded?.payload;
  if (typeof payload === 'string' || payload instanceof Uint8Array) return encoded!;
  withoutPromise<unknown>(encoded, 'codec');
  throw new TypeError('the codec returned no payload; encode() has to return { payload }, a Buffer or a string');
}

/** Decodes with such a codec. @throws TypeError when it returns a promise; and whatever it throws */
export function decodeWith(codec: MqttCodec, payload: Buffer, hints: DecodeHints): unknown {
  return withoutPromise(codec.decode(payload, hints), 'codec');
}

/** @throws TypeError for a promise: its value would come too late, and its rejection would be unhandled */
export function withoutPromise<T>(result: T, what: string): T {
  if (typeof result !== 'object' || !(result instanceof Promise)) return result;
  result.catch(() => {});
  throw new TypeError(`the ${what} returned a promise; it has to return the value itself`);
}
