import { describe, expect, it } from '@jest/globals';
import { MessageComposer } from '../../../lib/client/message-composer.js';
import { FeatureNotSupportedError } from '../../../lib/errors/feature-not-supported.error.js';
import { InvalidOptionsError } from '../../../lib/errors/invalid-options.error.js';
import { InvalidTopicError } from '../../../lib/errors/invalid-topic.error.js';
import { PayloadEncodeError } from '../../../lib/errors/payload-encode.error.js';
import { resolveClientOptions, type MqttClientOptions } from '../../../lib/options/client-options.js';
import type { OutgoingMessage } from '../../../lib/protocol/application-message.js';
import type { MqttCodec } from '../../../lib/protocol/codec.js';
import type { MqttRecordOptions } from '../../../lib/records/mqtt-record.js';
import { defaultCodec, textCodec } from '../../../lib/serialization/codecs.js';
import { deepFrozen, problemsOf } from '../options/problems.js';

/** Checks first, as every way to a message does. */
class CheckingComposer extends MessageComposer {
  override compose(...[topic, data, options, own, expiry]: Parameters<MessageComposer['compose']>): OutgoingMessage {
    this.check(topic, options);
    return super.compose(topic, data, options, own, expiry);
  }
}

function composer(options: MqttClientOptions = {}): MessageComposer {
  return new CheckingComposer(resolveClientOptions(deepFrozen(options)), defaultCodec);
}

const onV4 = composer({ protocolVersion: 4 });

describe('MessageComposer', () => {
  it('sends a value plainly by default', () => {
    expect(composer().compose('a', { x: 1 }, {})).toEqual({
      topic: 'a',
      payload: '{"x":1}',
      qos: 0,
      retain: false,
      properties: { contentType: 'application/json' },
    });
    expect(onV4.compose('a', 'x', {})).toEqual({ topic: 'a', payload: 'x', qos: 0, retain: false });
  });

  it('lets the message win over publishOptions', () => {
    const defaults = composer({ publishOptions: { qos: 1, retain: true, messageExpiryInterval: 9 } });
    expect(defaults.compose('a', 'x', {})).toMatchObject({
      qos: 1,
      retain: true,
      properties: { messageExpiryInterval: 9 },
    });
    expect(defaults.compose('a', 'x', { qos: 0, retain: false, messageExpiryInterval: 0 })).toMatchObject({
      qos: 0,
      retain: false,
      properties: { messageExpiryInterval: 0 },
    });
  });

  it('puts User Properties together, the nearest over the others, and changes none of them', () => {
    const defaults = composer({
      userProperties: { a: '1', b: '1', c: '1' },
      publishOptions: { userProperties: { b: '2', c: '2' } },
    });
    const options = deepFrozen({ userProperties: { c: ['3', '4'] } });
    for (let i = 0; i < 2; i++) {
      expect(defaults.compose('a', 'x', options).properties?.userProperties).toEqual({ a: '1', b: '2', c: ['3', '4'] });
    }
    expect(composer().compose('a', 'x', { userProperties: {} }).properties).not.toHaveProperty('userProperties');
  });

  it('adds what makes a request of it, unless the message says so itself', () => {
    const own = { responseTopic: 'inbox', correlationData: Buffer.from('c') };
    expect(composer().compose('a', 'x', {}, { ...own }, 30).properties).toEqual({
      ...own,
      messageExpiryInterval: 30,
      contentType: 'text/plain',
    });
    expect(composer().compose('a', 'x', { messageExpiryInterval: 5 }, { ...own }, 30).properties).toMatchObject({
      messageExpiryInterval: 5,
    });
    const named = { responseTopic: 'mine', correlationData: Buffer.from('m') };
    expect(composer().compose('a', 'x', named).properties).toMatchObject(named);
  });

  it('encodes with the codec of the message, and names the Content Type that the message names', () => {
    expect(composer().compose('a', 21, { codec: textCodec, contentType: 'text/csv' })).toMatchObject({
      payload: '21',
      properties: { contentType: 'text/csv' },
    });
  });

  it.each([
    ['a/#', InvalidTopicError],
    ['', InvalidTopicError],
    ['\ud800', InvalidTopicError],
  ])('refuses the topic %j', (topic, error) => {
    expect(() => composer().compose(topic, 'x', {})).toThrow(error);
    expect(() => onV4.check(topic, {})).toThrow(error);
  });

  it('refuses a value that cannot be encoded, with the topic and the cause', () => {
    const value = 'x\ud800';
    const encode = () => composer().compose('a', value, {});
    expect(encode).toThrow(PayloadEncodeError);
    expect(encode).toThrow(/"a" cannot be encoded: it contains a lone surrogate/);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('no way');
      },
      /"a" cannot be encoded: no way/,
    ],
    [
      'throws nothing',
      () => {
        // oxlint-disable-next-line typescript/only-throw-error -- an application may
        throw undefined;
      },
      /cannot be encoded: undefined/,
    ],
    [
      'throws what cannot be shown',
      () => {
        // oxlint-disable-next-line typescript/only-throw-error -- an application may
        throw {
          toString: () => {
            throw new Error('no');
          },
        };
      },
      /an error that cannot be shown/,
    ],
    [
      'returns nothing',
      () => undefined,
      /did not return a Buffer or a string as payload\. Return \{ payload \} from it\.$/,
    ],
    [
      'returns a promise',
      () => Promise.resolve({ payload: 'x' }),
      /did not return a Buffer or a string as payload\. Return \{ payload \} from it\.$/,
    ],
    [
      'returns a number for a payload',
      () => ({ payload: 7 }),
      /did not return a Buffer or a string as payload\. Return \{ payload \} from it\.$/,
    ],
    [
      'returns a number for a contentType',
      () => ({ payload: 'x', contentType: 7 }),
      /contentType .* is not a string\. Return a MIME type, or none\.$/,
    ],
  ])('refuses the value when its codec %s', (_, encode, says) => {
    const codec = { encode, decode: () => 1 } as unknown as MqttCodec;
    const compose = () => composer().compose('a', 1, { codec });
    expect(compose).toThrow(PayloadEncodeError);
    expect(compose).toThrow(says);
  });

  it.each<[string, unknown, RegExp]>([
    ['qos', 3, /message to "a"\.qos/],
    ['retain', 1, /retain/],
    ['messageExpiryInterval', -1, /messageExpiryInterval/],
    ['messageExpiryInterval', 0.5, /messageExpiryInterval/],
    ['messageExpiryInterval', 2 ** 32, /messageExpiryInterval/],
    ['contentType', 7, /contentType/],
    ['contentType', 'a\0', /contentType/],
    ['payloadFormatIndicator', 1, /payloadFormatIndicator/],
    ['timeout', 0, /message to "a"\.timeout/],
    ['timeout', -1, /timeout/],
    ['timeout', NaN, /timeout: NaN is not a valid duration/],
    ['timeout', 0.5, /timeout/],
    ['timeout', '50', /timeout/],
    ['timeout', 5n, /timeout/],
    ['timeout', null, /timeout/],
    ['signal', {}, /signal/],
    ['signal', new AbortController(), /signal: it is an object\. Give the signal/],
    ['signal', null, /signal/],
    ['userProperties', { a: 7 }, /userProperties/],
    ['userProperties', { a: ['x', null] }, /userProperties/],
    ['userProperties', { 'a\ud800': 'x' }, /userProperties/],
  ])('refuses %s: %j, with which MQTT.js would break the connection again and again', (option, value, says) => {
    const compose = () => composer().compose('a', 'x', { [option]: value });
    expect(compose).toThrow(InvalidOptionsError);
    expect(compose).toThrow(says);
  });

  it.each([1, 2 ** 31, Number.MAX_SAFE_INTEGER, Infinity])('takes a timeout of %d ms, and a signal', (timeout) => {
    expect(() => composer().check('a', { timeout, signal: AbortSignal.abort() })).not.toThrow();
  });

  it('says everything that is wrong with the options of a message at once', () => {
    const options = { qos: 3, timeout: NaN, signal: 'x', userProperties: { a: 1, b: '\n' }, contentType: '\t' };
    expect(problemsOf(() => composer().check('a', options as object))).toEqual([
      'message to "a".qos',
      'message to "a".contentType',
      'message to "a".userProperties["a"]',
      'message to "a".userProperties["b"]',
      'message to "a".timeout',
      'message to "a".signal',
    ]);
  });

  it.each([5, 4] as const)(
    'refuses discouraged characters in topics, unless they are allowed (version %i)',
    (version) => {
      const topic = 'a/\u0002';
      const refusing = composer({ protocolVersion: version });
      const allowing = composer({ protocolVersion: version, discouragedCharacters: 'allow' });
      for (const check of [() => refusing.check(topic, {}), () => refusing.checkTopic(topic)]) {
        expect(check).toThrow(InvalidTopicError);
        expect(check).toThrow(/control character U\+0002.*discouragedCharacters/);
      }
      expect(() => refusing.compose(topic, 'x', {})).toThrow(InvalidTopicError);
      expect(allowing.compose(topic, 'x', {})).toMatchObject({ topic });
    },
  );

  it.each<[string, MqttRecordOptions]>([
    ['the Content Type', { contentType: 'a\n' }],
    ['the value of a User Property', { userProperties: { a: 'x\n' } }],
    ['the name of a User Property', { userProperties: { 'a\n': '' } }],
  ])('refuses discouraged characters in %s, unless they are allowed', (_, options) => {
    expect(() => composer().compose('a', 'x', options)).toThrow(InvalidOptionsError);
    expect(() => composer().compose('a', 'x', options)).toThrow(/control character U\+000A.*discouragedCharacters/);
    const allowing = composer({ discouragedCharacters: 'allow' });
    expect(allowing.compose('a', 'x', options).properties).toMatchObject(options);
  });

  it('refuses discouraged characters in the Response Topic, unless they are allowed', () => {
    const options = { responseTopic: 'r\n' };
    expect(() => composer().compose('a', 'x', options)).toThrow(InvalidTopicError);
    const allowing = composer({ discouragedCharacters: 'allow' });
    expect(allowing.compose('a', 'x', options).properties).toMatchObject(options);
  });

  it('refuses a Response Topic with wildcards', () => {
    expect(() => composer().compose('a', 'x', { responseTopic: 'r/#' })).toThrow(InvalidTopicError);
  });

  it.each([
    'userProperties',
    'contentType',
    'responseTopic',
    'correlationData',
    'messageExpiryInterval',
    'payloadFormatIndicator',
  ])('refuses %s on 3.1.1', (option) => {
    const values: Record<string, unknown> = {
      userProperties: {},
      contentType: 'a/b',
      responseTopic: 'r',
      correlationData: Buffer.from('c'),
      messageExpiryInterval: 1,
      payloadFormatIndicator: true,
    };
    expect(() => onV4.compose('a', 'x', { [option]: values[option] })).toThrow(FeatureNotSupportedError);
  });
});
