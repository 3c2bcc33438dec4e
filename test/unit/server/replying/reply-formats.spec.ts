import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FeatureNotSupportedError } from '../../../../lib/errors/feature-not-supported.error.js';
import { MqttResponse } from '../../../../lib/records/mqtt-response.js';
import { defaultCodec, jsonCodec } from '../../../../lib/serialization/codecs.js';
import { NestReplies } from '../../../../lib/server/replying/nest-replies.js';
import { BareReplies, PlainReplies } from '../../../../lib/server/replying/plain-replies.js';
import type { ReplyDefaults, ReplyFormat, ReplyTarget } from '../../../../lib/server/replying/reply-format.js';
import type { StreamPosition } from '../../../../lib/serialization/wire-contract.js';
import { requestOf } from '../support/requests.js';

const NOW = 1_000_000;
const correlationData = Buffer.from('c');
const target = {
  topic: 'reply/me',
  requestTopic: 'sum',
  correlationData: correlationData as Buffer | undefined,
  qos: 1 as 0 | 1 | 2,
  expiresAt: Infinity,
  envelopeId: undefined as string | undefined,
};
type Target = typeof target;

/** A format, and what it answers. */
class Replies {
  private readonly target: ReplyTarget;

  constructor(
    private readonly format: ReplyFormat,
    { topic, requestTopic, correlationData: bytes, qos, expiresAt, envelopeId }: Target,
    private readonly controlTopic?: string,
  ) {
    const message = requestOf({ topic: requestTopic, qos, correlationData: bytes, expiresAt });
    this.target = { message, replyTopic: topic, envelopeId };
  }

  single(value: unknown) {
    return this.format.single(this.target, value);
  }

  item(value: unknown, position: StreamPosition) {
    const controlTopic = position.index === 0 ? this.controlTopic : undefined;
    return this.format.item(this.target, value, position, controlTopic);
  }

  end(count = 0) {
    return this.format.end(this.target, count);
  }

  failure(code: string, error: unknown) {
    return this.format.failure(this.target, code, error);
  }
}
const defaults: ReplyDefaults = { codec: defaultCodec, envelopeCodec: jsonCodec, publish: {} };

beforeEach(() => {
  jest.useFakeTimers({ now: NOW });
});
afterEach(() => {
  jest.useRealTimers();
});

function plain(
  of: Partial<Target> = {},
  publish: ReplyDefaults['publish'] = {},
  streams?: { announcedTopic: string | undefined },
): Replies {
  const format = new PlainReplies({ ...defaults, publish: Object.freeze(publish) });
  return new Replies(format, { ...target, ...of }, streams?.announcedTopic);
}

function nest(of: Partial<Target> = {}, protocolVersion: 4 | 5 = 5): Replies {
  const format = new NestReplies(defaults, protocolVersion);
  return new Replies(format, { ...target, envelopeId: 'id7', topic: 'sum/reply', ...of });
}

function payloadOf(message: { payload: Buffer | string } | undefined): unknown {
  return JSON.parse(message!.payload.toString());
}

describe('PlainReplies', () => {
  it('answers with the value alone, which any plain responder could have sent', () => {
    expect(plain().single({ sum: 3 })).toEqual({
      topic: 'reply/me',
      payload: '{"sum":3}',
      qos: 1,
      retain: false,
      properties: { contentType: 'application/json', correlationData },
    });
  });

  it.each([
    [{ index: 0, end: 'more' }, '0'],
    [{ index: 3, end: 'more' }, '3'],
    [{ index: 3, end: 'last' }, '3;last'],
  ] as const)('marks the value of a stream at %j', (position, mark) => {
    expect(plain().item('x', position)?.properties?.userProperties).toEqual({ 'nest-stream': mark });
  });

  it('says with the first value of a stream, and with no other, where it can be cancelled', () => {
    const encoder = plain({}, {}, { announcedTopic: 'control/here' });
    expect(encoder.item(1, { index: 0, end: 'more' })?.properties?.userProperties).toEqual({
      'nest-stream': '0',
      'nest-control': 'control/here',
    });
    expect(encoder.item(2, { index: 1, end: 'more' })?.properties?.userProperties).toEqual({ 'nest-stream': '1' });
    expect(encoder.single(1)?.properties?.userProperties).toBeUndefined();
    const refused = plain({}, {}, { announcedTopic: undefined });
    expect(refused.item(1, { index: 0, end: 'more' })?.properties?.userProperties).toEqual({ 'nest-stream': '0' });
  });

  it('ends a stream by an empty message, also one of no values, which no value at all is', () => {
    const end = {
      payload: Buffer.alloc(0),
      properties: { correlationData, userProperties: { 'nest-stream': '2;end' } },
    };
    expect(plain().end(2)).toMatchObject(end);
    expect(plain().single(undefined)?.properties?.userProperties).toEqual({ 'nest-stream': '0;end' });
    expect(plain().single(null)).toMatchObject({ payload: 'null' });
  });

  it('tells a failure by its code, and the error object as JSON', () => {
    const message = plain().failure('rpc', { status: 'error', message: 'sold out' });
    expect(payloadOf(message)).toEqual({ status: 'error', message: 'sold out' });
    expect(message?.properties).toEqual({
      contentType: 'application/json',
      correlationData,
      userProperties: { 'nest-error': 'rpc' },
    });
  });

  it.each([
    [0, 0, undefined, 0],
    [0, 1, undefined, 1],
    [2, 1, undefined, 2],
    [1, 2, undefined, 2],
    [2, 2, 0, 0],
    [undefined, 0, undefined, 0],
  ] as const)(
    'sends with the larger QoS of its own (%j) and the request (%j), unless the response says %j: %j',
    (own, request, response, expected) => {
      const value = response === undefined ? 'x' : new MqttResponse('x', { qos: response });
      expect(plain({ qos: request }, own === undefined ? {} : { qos: own }).single(value)?.qos).toBe(expected);
    },
  );

  it.each([
    [Infinity, undefined, undefined, undefined],
    [Infinity, 9, undefined, 9],
    [NOW + 5_000, undefined, undefined, 5],
    [NOW + 4_001, 9, undefined, 5],
    [NOW + 1, undefined, undefined, 1],
    [NOW + 5_000, undefined, 60, 60],
  ])(
    'expires with the request (%j), by default (%j) or as the response says (%j): %j s',
    (expiresAt, own, response, expected) => {
      const value = new MqttResponse('x', response === undefined ? {} : { messageExpiryInterval: response });
      const message = plain({ expiresAt }, own === undefined ? {} : { messageExpiryInterval: own }).single(value);
      expect(message?.properties?.messageExpiryInterval).toBe(expected);
    },
  );

  it.each([NOW, NOW - 1])('has nothing to say to a request that expired at %i', (expiresAt) => {
    const encoder = plain({ expiresAt });
    const position = { index: 0, end: 'more' } as const;
    expect([encoder.single(1), encoder.item(1, position), encoder.end(1), encoder.failure('rpc', 'x')]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('sends as the response says, and changes nothing of it', () => {
    const options = Object.freeze({
      retain: true,
      contentType: 'application/zip',
      correlationData: Buffer.from('other'),
      payloadFormatIndicator: true,
      userProperties: Object.freeze({ version: ['7', '2'] }),
    });
    const response = new MqttResponse(Buffer.from('zip'), options);
    expect(plain().single(response)).toEqual({
      topic: 'reply/me',
      payload: Buffer.from('zip'),
      qos: 1,
      retain: true,
      properties: {
        contentType: 'application/zip',
        correlationData: Buffer.from('other'),
        payloadFormatIndicator: true,
        userProperties: { version: ['7', '2'] },
      },
    });
    expect(plain().item(response, { index: 0, end: 'last' })?.properties?.userProperties).toEqual({
      version: ['7', '2'],
      'nest-stream': '0;last',
    });
  });

  it('sends the User Properties of its own with every value, and none where there are none', () => {
    expect(plain({}, { userProperties: { site: '7' } }).single(1)?.properties?.userProperties).toEqual({ site: '7' });
    expect(plain({ correlationData: undefined }).single(Buffer.alloc(0))?.properties).toEqual({
      contentType: 'application/octet-stream',
    });
    expect(Object.keys(plain().single(1)!.properties!).toSorted()).toEqual(['contentType', 'correlationData']);
  });

  it('throws where a value cannot be encoded', () => {
    expect(() => plain().single(() => 1)).toThrow(/cannot be encoded as JSON/);
  });
});

describe('NestReplies', () => {
  it.each<[string, unknown, object]>([
    ['a value', nest().single([3]), { response: [3], isDisposed: true, id: 'id7' }],
    ['no value', nest().single(undefined), { isDisposed: true, id: 'id7' }],
    ['a response', nest().single(new MqttResponse('x')), { response: 'x', isDisposed: true, id: 'id7' }],
    ['a value of a stream', nest().item(1, { index: 0, end: 'more' }), { response: 1, id: 'id7', isDisposed: false }],
    [
      'the last value of a stream',
      nest().item(1, { index: 4, end: 'last' }),
      { response: 1, isDisposed: true, id: 'id7' },
    ],
    ['the end of a stream', nest().end(), { isDisposed: true, id: 'id7' }],
    [
      'a failure',
      nest().failure('rpc', { status: 'error', message: 'x' }),
      { err: { status: 'error', message: 'x' }, isDisposed: true, id: 'id7' },
    ],
  ])('answers %s as the built-in transport does', (_, message, expected) => {
    expect(payloadOf(message as never)).toEqual(expected);
    expect(message).toMatchObject({ topic: 'sum/reply', qos: 1, retain: false });
  });

  it('sends with the QoS and retain of a response', () => {
    expect(nest().single(new MqttResponse(1, { qos: 2, retain: true }))).toMatchObject({ qos: 2, retain: true });
  });

  it('sends beside the envelope what 5.0 has a place for, and refuses it on 3.1.1', () => {
    const response = new MqttResponse('x', { contentType: 'a/b', userProperties: { site: '7' } });
    expect(nest({ expiresAt: NOW + 5_000 }).single(response)?.properties).toEqual({
      contentType: 'application/json',
      correlationData,
      messageExpiryInterval: 5,
      userProperties: { site: '7' },
    });
    expect(nest({}, 4).single('x')).toEqual({
      topic: 'sum/reply',
      payload: '{"response":"x","isDisposed":true,"id":"id7"}',
      qos: 1,
      retain: false,
    });
    expect(() => nest({}, 4).single(response)).toThrow(FeatureNotSupportedError);
  });

  it('has nothing to say to a request that has expired', () => {
    const encoder = nest({ expiresAt: NOW });
    expect([encoder.single(1), encoder.end(), encoder.failure('rpc', 1)]).toEqual([undefined, undefined, undefined]);
  });
});

describe('BareReplies', () => {
  const bare = new Replies(new BareReplies(defaults), { ...target, correlationData: undefined });

  it('answers with values, and with nothing that could be taken for one', () => {
    expect(bare.single({ sum: 3 })).toEqual({ topic: 'reply/me', payload: '{"sum":3}', qos: 1, retain: false });
    expect(bare.item('x', { index: 0, end: 'more' })).toMatchObject({ payload: 'x' });
    expect([bare.end(), bare.failure('rpc', 'x')]).toEqual([undefined, undefined]);
  });

  it('refuses what 3.1.1 has no place for', () => {
    expect(bare.single(new MqttResponse('x', { qos: 2, retain: true }))).toMatchObject({ qos: 2, retain: true });
    expect(() => bare.single(new MqttResponse('x', { contentType: 'a/b' }))).toThrow(FeatureNotSupportedError);
  });
});
