import type { MqttCodec } from '../../protocol/codec.js';
import { binaryCodec, defaultCodec, jsonCodec, textCodec } from '../../serialization/codecs.js';
import type { JsonSchema } from '../schemas/json-schema.js';

const JSON_TYPE = 'application/json';
const TEXT = 'text/plain';
const BYTES = 'application/octet-stream';

/** The MIME type of values of a schema, encoded by a codec; undefined if it depends on the value. */
export function contentTypeOf(codec: MqttCodec | undefined, schema: JsonSchema | undefined): string | undefined {
  switch (codec) {
    case undefined:
    case defaultCodec:
      return byDefault(schema);
    case jsonCodec:
      return JSON_TYPE;
    case textCodec:
      return TEXT;
    case binaryCodec:
      return BYTES;
    default:
      return BYTES; // the format of a custom codec is not known
  }
}

/** The default codec: bytes and text as they are, everything else as JSON. */
function byDefault(schema: JsonSchema | undefined): string | undefined {
  if (typeof schema !== 'object') return undefined;
  const { type, format, $ref } = schema;
  if (type === 'string') return format === 'binary' ? BYTES : TEXT;
  return typeof type === 'string' || $ref !== undefined ? JSON_TYPE : undefined;
}
