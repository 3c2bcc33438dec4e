import { describe, expect, it } from '@jest/globals';
import { MessageComposer } from '../../../lib/client/message-composer.js';
import { FeatureNotSupportedError } from '../../../lib/errors/feature-not-supported.error.js';
import { InvalidOptionsError } from '../../../lib/errors/invalid-options.error.js';
import { InvalidTopicError } from '../../../lib/errors/invalid-topic.error.js';
import { PayloadEncodeError } from '../../../lib/errors/payload-encode.error.js';
import { resolveClientOptions, type MqttClientOptions } from '../../../lib/options/client-options.js';
import { defaultCodec, textCodec } from '../../../lib/serialization/codecs.js';
import { deepFrozen } from '../options/problems.js';

function composer(options: MqttClientOptions = {}): MessageComposer {
  return new MessageComposer(resolveClientOptions(deepFrozen(options)), defaultCodec);
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
    const own = { responseTopic: 'inbox', correlationData: Buffer.from('c'), messageExpiryInterval: 30 };
    expect(composer().compose('a', 'x', {}, { ...own }).properties).toEqual({ ...own, contentType: 'text/plain' });
    expect(composer().compose('a', 'x', { messageExpiryInterval: 5 }, { ...own }).properties).toMatchObject({
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

  it.each<[string, unknown, RegExp]>([
    ['qos', 3, /message to "a"\.qos/],
    ['retain', 1, /retain/],
    ['messageExpiryInterval', -1, /messageExpiryInterval/],
    ['messageExpiryInterval', 0.5, /messageExpiryInterval/],
    ['messageExpiryInterval', 2 ** 32, /messageExpiryInterval/],
    ['contentType', 7, /contentType/],
    ['contentType', 'a\0', /contentType/],
    ['payloadFormatIndicator', 1, /payloadFormatIndicator/],
    ['userProperties', { a: 7 }, /userProperties/],
    ['userProperties', { a: ['x', null] }, /userProperties/],
    ['userProperties', { 'a\ud800': 'x' }, /userProperties/],
  ])('refuses %s: %j, with which MQTT.js would break the connection again and again', (option, value, says) => {
    const compose = () => composer().compose('a', 'x', { [option]: value });
    expect(compose).toThrow(InvalidOptionsError);
    expect(compose).toThrow(says);
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
