import { isUtf8 } from 'node:buffer';
import { isAnyArrayBuffer } from 'node:util/types';
import type { DecodeHints, EncodedPayload, MqttCodec } from '../protocol/codec.js';
import { refuseLost, refuseOpaque, refuseWithoutJson } from './lost-in-json.js';

export const JSON_CONTENT_TYPE = 'application/json';
export const TEXT_CONTENT_TYPE = 'text/plain';
export const BINARY_CONTENT_TYPE = 'application/octet-stream';

const EMPTY = Buffer.alloc(0);

/** JSON, regardless of the Content Type. `undefined` is an empty payload. */
export const jsonCodec: MqttCodec = {
  encode(value: unknown): EncodedPayload {
    if (value === undefined) return { payload: EMPTY };
    refuseOpaque(value);
    const payload = toJson(value);
    if (payload === undefined) throw new TypeError(`a ${typeof value} cannot be encoded as JSON`);
    refuseLost(value, payload);
    return { payload, contentType: JSON_CONTENT_TYPE };
  },
  decode(payload: Buffer): unknown {
    return payload.length === 0 ? undefined : JSON.parse(decodeText(payload));
  },
};

/** @throws LostInJsonError for a BigInt and for a circular reference, with the path; and any error of a `toJSON()` */
function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    refuseWithoutJson(value);
    throw error;
  }
}

/** UTF-8 text, regardless of the Content Type. */
export const textCodec: MqttCodec = {
  encode(value: unknown): EncodedPayload {
    const payload = String(value);
    if (!payload.isWellFormed()) throw new TypeError('it contains a lone surrogate, which UTF-8 cannot encode');
    return { payload, contentType: TEXT_CONTENT_TYPE };
  },
  decode: decodeText,
};

/** Bytes, regardless of the Content Type. */
export const binaryCodec: MqttCodec = {
  encode(value: unknown): EncodedPayload {
    if (!isBytes(value)) throw new TypeError('it is neither a Buffer nor a Uint8Array');
    return { payload: asBuffer(value), contentType: BINARY_CONTENT_TYPE };
  },
  decode: (payload: Buffer): Buffer => payload,
};

/**
 * The default codec. Encodes bytes unchanged, strings as UTF-8 text, and everything else as JSON. Decodes by the Content Type; without
 * one: JSON if the payload parses, else text if it is valid UTF-8, else bytes.
 */
export const defaultCodec: MqttCodec = {
  encode(value: unknown): EncodedPayload {
    if (typeof value === 'string') return textCodec.encode(value);
    return isBytes(value) ? binaryCodec.encode(value) : jsonCodec.encode(value);
  },
  decode(payload: Buffer, { contentType }: DecodeHints): unknown {
    if (contentType === undefined) return decodeByContent(payload);
    if (contentType === JSON_CONTENT_TYPE) return JSON.parse(decodeText(payload));
    return decodeByContentType(payload, contentType);
  },
};

function decodeByContentType(payload: Buffer, contentType: string): unknown {
  const parameters = contentType.indexOf(';');
  const mediaType = (parameters < 0 ? contentType : contentType.slice(0, parameters)).trim().toLowerCase();
  if (mediaType === JSON_CONTENT_TYPE || mediaType.endsWith('+json')) return JSON.parse(decodeText(payload));
  return mediaType.startsWith('text/') ? decodeText(payload) : payload;
}

function decodeByContent(payload: Buffer): unknown {
  if (!isUtf8(payload)) return payload;
  const text = payload.toString();
  if (!mayBeJson(payload[0])) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Possible first bytes of JSON: this check is much cheaper than a failing parse. */
const JSON_STARTS = new Set(Buffer.from('{["-0123456789tfn \t\r\n'));

function mayBeJson(firstByte: number | undefined): boolean {
  return firstByte !== undefined && JSON_STARTS.has(firstByte);
}

function decodeText(payload: Buffer): string {
  if (!isUtf8(payload)) throw new TypeError('it is not valid UTF-8');
  return payload.toString();
}

/** Whether a value is bytes: any view of a buffer, such as `DataView` and `Uint16Array`, or a buffer itself. */
function isBytes(value: unknown): value is NodeJS.ArrayBufferView | ArrayBufferLike {
  return typeof value === 'object' && (ArrayBuffer.isView(value) || isAnyArrayBuffer(value));
}

function asBuffer(bytes: NodeJS.ArrayBufferView | ArrayBufferLike): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return ArrayBuffer.isView(bytes)
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : Buffer.from(bytes as ArrayBuffer);
}
