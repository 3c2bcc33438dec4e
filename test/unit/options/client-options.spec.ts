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
      envelope: undefined,
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
    ['requestTimeout', 2 ** 31], // setTimeout would take it for 1 ms
    ['requestTimeout', Infinity],
    ['maxPendingRequests', 0],
    ['offline', 'drop'],
    ['maxQueuedMessages', -1],
    ['envelope', 'json'],
    ['codec', { decode: () => 1 }],
    ['responseTopicPrefix', 'reply/#'],
    ['responseTopicPrefix', ''],
    ['responseTopicPrefix', 7],
    ['publishOptions', null],
    ['userProperties', 'a=b'],
  ])('refuses %s: %j', (option, value) => {
    expect(problems({ [option]: value })).toEqual([option]);
  });

  it.each<[string, unknown]>([
    ['requestTimeout', 2 ** 31 - 1],
    ['maxPendingRequests', Infinity],
    ['maxQueuedMessages', Infinity],
    ['maxQueuedMessages', 0],
    ['offline', 'fail'],
    ['envelope', 'nest'],
  ])('takes %s: %j', (option, value) => {
    expect(problems({ [option]: value })).toEqual([]);
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
