import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { binaryCodec, defaultCodec, jsonCodec, textCodec } from '../../../lib/serialization/codecs.js';

const topic = 'a';
const INVALID_UTF8 = Buffer.from([0xff, 0xfe]);

function decode(payload: Buffer | string, contentType?: string): unknown {
  return defaultCodec.decode(Buffer.from(payload as string), { contentType, topic });
}

/** Over the wire on 5.0, where the Content Type travels along. */
function roundTrip(codec: typeof defaultCodec, value: unknown): unknown {
  const { payload, contentType } = codec.encode(value);
  return codec.decode(Buffer.from(payload as string), { contentType, topic });
}

/** What JSON makes of it: -0 is 0 there. */
const jsonValues = fc.jsonValue({ stringUnit: 'binary' }).map((value) => JSON.stringify(value));
const wellFormed = fc.string({ unit: 'binary' });
const bytes = fc.uint8Array();

const SAME = {};
const shownError = (): Error => Object.defineProperty(new Error('x'), 'message', { enumerable: true });

it('leaves a BigInt to a toJSON() of the application', () => {
  const prototype = BigInt.prototype as { toJSON?: () => string };
  prototype.toJSON = function (this: bigint) {
    return this.toString();
  };
  try {
    expect(jsonCodec.encode({ a: null, id: 7n }).payload).toBe('{"a":null,"id":"7"}');
    expect(jsonCodec.encode(7n).payload).toBe('"7"');
  } finally {
    delete prototype.toJSON;
  }
});

describe('jsonCodec, with members that are {}', () => {
  it.each<[string, unknown, string]>([
    ['an empty object', {}, '{}'],
    ['empty objects within', { a: {}, b: [{}] }, '{"a":{},"b":[{}]}'],
    ['a Map that says what its JSON is', [{}, Object.assign(new Map(), { toJSON: () => 'map' })], '[{},"map"]'],
    ['null within', { a: null, b: [null, undefined, { c: 'null' }] }, '{"a":null,"b":[null,null,{"c":"null"}]}'],
    ['a method', { a: null, b: () => 1 }, '{"a":null}'],
    ['the same object twice', { a: null, b: [SAME, SAME] }, '{"a":null,"b":[{},{}]}'],
    ['an Error that shows its message', { a: shownError() }, '{"a":{"message":"x"}}'],
    ['an instance without members', { a: new (class Nothing {})() }, '{"a":{}}'],
    ['an object without a prototype', { a: Object.create(null) as object }, '{"a":{}}'],
  ])('takes %s', (_title, value, json) => {
    expect(String(jsonCodec.encode(value).payload)).toBe(json);
  });
});

describe('defaultCodec', () => {
  it('gives back any JSON value', () => {
    fc.assert(
      fc.property(jsonValues, (json) => {
        expect(JSON.stringify(roundTrip(defaultCodec, JSON.parse(json)))).toBe(json);
      }),
    );
  });

  it('gives back any string, whatever it looks like', () => {
    const lookalikes = fc.constantFrom('', '1', 'null', '"a"', '{"a":1}', '\ufeffx', ' ', 'true');
    fc.assert(
      fc.property(fc.oneof(wellFormed, lookalikes), (text) => {
        expect(roundTrip(defaultCodec, text)).toBe(text);
      }),
    );
  });

  it('gives back any bytes, also those of a view into a larger buffer', () => {
    fc.assert(
      fc.property(bytes, fc.nat(5), (array, offset) => {
        const view = array.subarray(Math.min(offset, array.length));
        expect(roundTrip(defaultCodec, view)).toEqual(Buffer.from(view));
        expect(roundTrip(defaultCodec, Buffer.from(view))).toEqual(Buffer.from(view));
      }),
    );
  });

  it.each<[string, unknown, string | Buffer, string | undefined]>([
    ['bytes as they are', Buffer.from([0, 1]), Buffer.from([0, 1]), 'application/octet-stream'],
    ['an ArrayBuffer', new Uint8Array([0, 1]).buffer, Buffer.from([0, 1]), 'application/octet-stream'],
    ['a SharedArrayBuffer', new SharedArrayBuffer(2), Buffer.from([0, 0]), 'application/octet-stream'],
    ['a DataView', new DataView(new ArrayBuffer(4), 1, 2), Buffer.from([0, 0]), 'application/octet-stream'],
    ['a Uint16Array', new Uint16Array([0x0101, 0x0202]), Buffer.from([1, 1, 2, 2]), 'application/octet-stream'],
    ['a Float64Array, part of a buffer', new Float64Array(3).subarray(1), Buffer.alloc(16), 'application/octet-stream'],
    ['a string unquoted', 'hello', 'hello', 'text/plain'],
    ['an empty string', '', '', 'text/plain'],
    ['an object', { a: 1 }, '{"a":1}', 'application/json'],
    ['a number', 21, '21', 'application/json'],
    ['null', null, 'null', 'application/json'],
    ['a Date', new Date(0), '"1970-01-01T00:00:00.000Z"', 'application/json'],
    ['undefined as nothing', undefined, Buffer.alloc(0), undefined],
    ['NaN within an object as null', { celsius: NaN, none: {} }, '{"celsius":null,"none":{}}', 'application/json'],
  ])('sends %s', (_, value, payload, contentType) => {
    expect(defaultCodec.encode(value)).toEqual({ payload, contentType });
  });

  it.each<[string, unknown]>([
    ['a lone surrogate', 'a\ud800'],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a bigint', 1n],
    ['a circle', circular()],
  ])('refuses %s', (_, value) => {
    expect(() => defaultCodec.encode(value)).toThrow(TypeError);
  });

  it.each<[string | undefined, string | Buffer, unknown]>([
    ['application/json', '{"a":[1]}', { a: [1] }],
    ['application/json; charset=utf-8', '1', 1],
    ['APPLICATION/JSON', 'true', true],
    ['application/problem+json', '{}', {}],
    ['application/vnd.x+json;v=1', '[]', []],
    ['text/plain', '1', '1'],
    ['text/plain;charset=utf-8', '{"a":1}', '{"a":1}'],
    ['text/html', '<b>', '<b>'],
    ['Text/CSV', 'a;b', 'a;b'],
    ['application/octet-stream', '{"a":1}', Buffer.from('{"a":1}')],
    ['image/png', INVALID_UTF8, INVALID_UTF8],
    ['application/jsonlines', '1', Buffer.from('1')],
    ['', '1', Buffer.from('1')],
    [undefined, '{"a":1}', { a: 1 }],
    [undefined, ' [1] ', [1]],
    [undefined, '"quoted"', 'quoted'],
    [undefined, '-1.5e3', -1500],
    [undefined, 'true', true],
    [undefined, 'false', false],
    [undefined, 'null', null],
    [undefined, 'temperature', 'temperature'],
    [undefined, '12 apples', '12 apples'],
    [undefined, 'NaN', 'NaN'],
    [undefined, '{broken', '{broken'],
    [undefined, '', ''],
    [undefined, 'grüße', 'grüße'],
    [undefined, INVALID_UTF8, INVALID_UTF8],
    [undefined, Buffer.from([0x22, 0xff, 0x22]), Buffer.from([0x22, 0xff, 0x22])],
  ])('decodes by the Content Type %j the payload %j', (contentType, payload, expected) => {
    expect(decode(payload, contentType)).toEqual(expected);
  });

  it.each<[string, string | Buffer]>([
    ['application/json', 'no json'],
    ['application/json', ''],
    ['application/json', INVALID_UTF8],
    ['application/json', Buffer.from([0x22, 0xc3, 0x28, 0x22])],
    ['text/plain', INVALID_UTF8],
    ['text/plain', Buffer.from([0xed, 0xa0, 0x80])], // a surrogate, as UTF-8 does not encode it
  ])('throws where the payload is not what %s promises: %j', (contentType, payload) => {
    expect(() => decode(payload, contentType)).toThrow(/JSON|UTF-8/);
  });

  it('without a Content Type decodes every payload to something: JSON if it parses, text if it is UTF-8, bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          bytes,
          wellFormed.map((text) => Buffer.from(text)),
          jsonValues.map((json) => Buffer.from(json)),
        ),
        (payload) => {
          const buffer = Buffer.from(payload);
          const text = buffer.toString();
          const isText = Buffer.from(text).equals(buffer);
          expect(decode(buffer)).toEqual(isText ? parsedOr(text) : buffer);
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each(['application/json', undefined])('lets no payload change what all objects have (%s)', (contentType) => {
    const value = decode('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}', contentType);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor']);
    expect((value as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('jsonCodec', () => {
  it('gives back what JSON can hold, strings and nothing at all among it', () => {
    fc.assert(
      fc.property(jsonValues, (json) => {
        expect(JSON.stringify(roundTrip(jsonCodec, JSON.parse(json)))).toBe(json);
      }),
    );
    expect(roundTrip(jsonCodec, 'text')).toBe('text');
    expect(roundTrip(jsonCodec, undefined)).toBeUndefined();
  });

  it('looks at no Content Type', () => {
    expect(jsonCodec.decode(Buffer.from('[1]'), { contentType: 'text/plain', topic })).toEqual([1]);
    expect(() => jsonCodec.decode(INVALID_UTF8, { contentType: undefined, topic })).toThrow(/UTF-8/);
    expect(() => jsonCodec.encode(() => 1)).toThrow(/a function cannot be encoded as JSON/);
  });
});

describe('textCodec', () => {
  it('gives back any well-formed string, and makes one of anything else', () => {
    fc.assert(
      fc.property(wellFormed, (text) => {
        expect(roundTrip(textCodec, text)).toBe(text);
      }),
    );
    expect(textCodec.encode(21)).toEqual({ payload: '21', contentType: 'text/plain' });
    expect(() => textCodec.encode('\udc00')).toThrow(/lone surrogate/);
    expect(() => textCodec.decode(INVALID_UTF8, { contentType: 'application/json', topic })).toThrow(/UTF-8/);
  });
});

describe('binaryCodec', () => {
  it('gives back any bytes, and takes nothing else', () => {
    fc.assert(
      fc.property(bytes, (array) => {
        expect(roundTrip(binaryCodec, array)).toEqual(Buffer.from(array));
      }),
    );
    expect(() => binaryCodec.encode('text')).toThrow(/neither a Buffer nor a Uint8Array/);
  });
});

function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function circular(): object {
  const value: Record<string, unknown> = {};
  value['self'] = value;
  return value;
}
