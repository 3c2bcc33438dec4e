import { expect, it } from '@jest/globals';
import { contentTypeOf } from '../../../../lib/asyncapi/document/content-type.js';
import { binaryCodec, defaultCodec, jsonCodec, textCodec } from '../../../../lib/serialization/codecs.js';
import type { MqttCodec } from '../../../../lib/index.js';

const own: MqttCodec = { encode: () => ({ payload: Buffer.alloc(0) }), decode: () => undefined };

it.each([
  ['the default codec, with a class', undefined, { $ref: '#/components/schemas/A' }, 'application/json'],
  ['the default codec, with an object', defaultCodec, { type: 'object' }, 'application/json'],
  ['the default codec, with text', defaultCodec, { type: 'string' }, 'text/plain'],
  ['the default codec, with bytes', defaultCodec, { type: 'string', format: 'binary' }, 'application/octet-stream'],
  ['the default codec, with several types', defaultCodec, { type: ['string', 'number'] }, undefined],
  ['the default codec, with anything', defaultCodec, undefined, undefined],
  ['jsonCodec', jsonCodec, { type: 'string' }, 'application/json'],
  ['textCodec', textCodec, undefined, 'text/plain'],
  ['binaryCodec', binaryCodec, undefined, 'application/octet-stream'],
  ['a codec of the application', own, { type: 'object' }, 'application/octet-stream'],
])('%s', (_, codec, schema, expected) => {
  expect(contentTypeOf(codec, schema)).toBe(expected);
});
