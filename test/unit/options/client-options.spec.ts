import { describe, expect, it } from '@jest/globals';
import { resolveClientOptions, type MqttClientOptions } from '../../../lib/options/client-options.js';
import { deepFrozen, problemsOf } from './problems.js';

function problems(options: object): string[] {
  return problemsOf(() => resolveClientOptions(options));
}

describe('resolveClientOptions', () => {
  it('has the defaults that are documented', () => {
    const { connection, ...rest } = resolveClientOptions();
    expect(rest).toEqual({
      requestTimeoutMs: 30_000,
      publishOptions: {},
      responseTopicPrefix: undefined,
      maxPendingRequests: 10_000,
      offline: 'queue',
      maxQueuedMessages: 1_000,
      gracefulTimeoutMs: 5_000,
      envelope: undefined,
      topicTemplates: [],
      requestFormat: 'plain',
      userProperties: undefined,
      codec: undefined,
    });
    expect(connection).toMatchObject({ url: 'mqtt://localhost:1883', protocolVersion: 5, durableSession: false });
  });

  it.each<[MqttClientOptions, boolean | undefined]>([
    [{}, true],
    [{ properties: { sessionExpiryInterval: 5 } }, true],
    [{ properties: { requestResponseInformation: false } }, false],
    [{ protocolVersion: 4 }, undefined],
  ])('with %j asks for Response Information: %j (section 3.1.2.11.6)', (options, expected) => {
    expect(resolveClientOptions(options).connection.mqtt.properties?.requestResponseInformation).toBe(expected);
  });

  it('changes nothing that it is given, and lets nobody change what it gives', () => {
    const options: MqttClientOptions = deepFrozen({
      publishOptions: { qos: 1, userProperties: { a: '1' } },
      userProperties: { b: ['2', '3'] },
      properties: { sessionExpiryInterval: 1 },
    });
    const before = structuredClone(options);
    const resolved = resolveClientOptions(options);
    expect(options).toEqual(before);
    expect(resolved.userProperties).toEqual({ b: ['2', '3'] });
    for (const part of [resolved, resolved.publishOptions, resolved.userProperties])
      expect(Object.isFrozen(part)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['requestTimeout', 0],
    ['requestTimeout', 0.5],
    ['requestTimeout', NaN],
    ['requestTimeout', 2 ** 53],
    ['requestTimeout', '30'],
    ['gracefulTimeout', -1],
    ['gracefulTimeout', NaN],
    ['gracefulTimeout', '5'],
    ['maxPendingRequests', 0],
    ['offline', 'drop'],
    ['maxQueuedMessages', -1],
    ['envelope', 'json'],
    ['requestFormat', 'nest'],
    ['codec', { decode: () => 1 }],
    ['responseTopicPrefix', 'reply/#'],
    ['responseTopicPrefix', ''],
    ['responseTopicPrefix', 'reply\u0002'],
    ['responseTopicPrefix', 7],
    ['publishOptions', null],
    ['userProperties', 'a=b'],
  ])('refuses %s: %j', (option, value) => {
    expect(problems({ [option]: value })).toEqual([option]);
  });

  it.each<[string, unknown]>([
    ['requestTimeout', 2 ** 31], // longer than a timer of Node
    ['requestTimeout', Number.MAX_SAFE_INTEGER],
    ['requestTimeout', Infinity],
    ['gracefulTimeout', 0],
    ['gracefulTimeout', 2 ** 31],
    ['gracefulTimeout', Infinity],
    ['maxPendingRequests', Infinity],
    ['maxQueuedMessages', Infinity],
    ['maxQueuedMessages', 0],
    ['offline', 'fail'],
    ['envelope', 'nest'],
    ['requestFormat', 'azure-iot-operations'],
  ])('takes %s: %j', (option, value) => {
    expect(problems({ [option]: value })).toEqual([]);
  });

  it.each<MqttClientOptions>([{ protocolVersion: 4 }, { envelope: 'nest' }])(
    'refuses a requestFormat that there is no place for: %j',
    (options) => {
      expect(problems({ requestFormat: 'azure-iot-operations', ...options })).toEqual(['requestFormat']);
      expect(problems({ requestFormat: 'plain', ...options })).toEqual([]);
    },
  );

  it.each([0, 7, Infinity])('keeps the gracefulTimeout of %d ms that is given', (gracefulTimeout) => {
    expect(resolveClientOptions({ gracefulTimeout }).gracefulTimeoutMs).toBe(gracefulTimeout);
  });

  it('refuses User Properties that cannot be sent, also as defaults of messages', () => {
    const userProperties = { a: 7, 'nest-error': 'x' };
    expect(problems({ userProperties, publishOptions: { userProperties: { a: [null] } } }).toSorted()).toEqual([
      'publishOptions.userProperties["a"]',
      'userProperties["a"]',
      'userProperties["nest-error"]',
    ]);
  });

  it('refuses discouraged characters in what it is to send, unless they are allowed', () => {
    const options = {
      responseTopicPrefix: 'reply/\u0002',
      userProperties: { site: 'north\n' },
      publishOptions: { userProperties: { 'tag\uffff': 'x' } },
      clientId: 'client\u0002',
    };
    expect(problems(options).toSorted()).toEqual([
      'publishOptions.userProperties["tag\uffff"]',
      'responseTopicPrefix',
      'userProperties["site"]',
    ]);
    expect(problems({ ...options, discouragedCharacters: 'allow' })).toEqual([]);
  });

  it('keeps its own copy of User Properties, at any depth', () => {
    const tags = ['a'];
    const resolved = resolveClientOptions({ userProperties: { tags }, publishOptions: { userProperties: { tags } } });
    tags.push('b');
    expect(resolved.userProperties).toEqual({ tags: ['a'] });
    expect(resolved.publishOptions.userProperties).toEqual({ tags: ['a'] });
  });

  it('hands no option of its own on to MQTT.js', () => {
    const { mqtt } = resolveClientOptions({ gracefulTimeout: 1, requestTimeout: 1, maxQueuedMessages: 1 }).connection;
    expect(Object.keys(mqtt).toSorted()).toEqual(['clientId', 'properties', 'will']);
  });

  it('refuses User Properties on 3.1.1, and reports everything at once', () => {
    expect(
      problems({
        protocolVersion: 4,
        userProperties: { a: '1' },
        publishOptions: { userProperties: {} },
        requestTimeout: 0,
        url: 'x',
      }),
    ).toEqual(['url', 'publishOptions.userProperties', 'requestTimeout', 'userProperties']);
  });
});
