import { describe, expect, it } from '@jest/globals';
import type { MqttConnectionOptions } from '../../../lib/options/connection-options.js';
import { checkConnection, resolveConnection } from '../../../lib/options/connection-options.js';
import { OptionChecks } from '../../../lib/options/option-checks.js';
import { deepFrozen, problemsOf } from './problems.js';

function check(options: object): void {
  const checks = new OptionChecks();
  checkConnection(checks, options);
  checks.done();
}

function problems(options: object): string[] {
  return problemsOf(() => check(options));
}

describe('resolveConnection', () => {
  it('has the defaults that are documented', () => {
    const { clientId, mqtt, ...rest } = resolveConnection({});
    expect(rest).toEqual({
      url: 'mqtt://localhost:1883',
      urlMissing: false,
      protocolVersion: 5,
      name: undefined,
      observers: [],
      noDelay: true,
      reconnect: { initialDelay: 1_000, maxDelay: 60_000, factor: 2, jitter: true, maxAttempts: Infinity },
      credentials: undefined,
      strippedPrefixes: [],
      followServerReference: false,
      maxConnectionAttempts: -1,
      discouragedCharacters: 'refuse',
      maxFiltersPerSubscribe: 500,
      durableSession: false,
      generatedClientId: true,
    });
    expect(clientId).toMatch(/^[0-9a-zA-Z_]{23}$/); // what every 3.1.1 broker accepts, but for the underscore
    expect(mqtt.clientId).toBe(clientId);
  });

  it('chooses another Client Identifier for every connection that names none', () => {
    expect(resolveConnection({}).clientId).not.toBe(resolveConnection({ clientId: '' }).clientId);
  });

  it("leaves to MQTT.js what is MQTT.js' own, and nothing else", () => {
    const { mqtt } = resolveConnection({
      url: 'mqtt://b',
      noDelay: false,
      keepalive: 5,
      clientId: 'c',
      reconnect: false,
      strippedPrefixes: ['$q/'],
      maxConnectionAttempts: 3,
      credentials: () => ({}),
      discouragedCharacters: 'allow',
      maxFiltersPerSubscribe: 3,
      subscribeBatchSize: 4,
    });
    expect(mqtt).toEqual({ keepalive: 5, clientId: 'c', properties: undefined, will: undefined });
  });

  it.each<[MqttConnectionOptions, number]>([
    [{ maxFiltersPerSubscribe: 3 }, 3],
    [{ subscribeBatchSize: 4 }, 4],
    [{ maxFiltersPerSubscribe: 3, subscribeBatchSize: 4 }, 3],
  ])('makes of %j a SUBSCRIBE of %i filters at the most', (options, expected) => {
    expect(resolveConnection(options)).toMatchObject({ maxFiltersPerSubscribe: expected });
  });

  it('keeps what is said about discouraged characters', () => {
    expect(resolveConnection({ discouragedCharacters: 'allow' }).discouragedCharacters).toBe('allow');
  });

  it.each([{ host: 'broker', port: 1 }, { servers: [{ host: 'broker', port: 1 }] }])(
    'has no url beside %j',
    (options) => {
      expect(resolveConnection(options).url).toBe('');
    },
  );

  it('fills in what reconnect leaves open, and never tries again with false', () => {
    expect(resolveConnection({ reconnect: { initialDelay: 5 } }).reconnect).toMatchObject({
      initialDelay: 5,
      maxDelay: 60_000,
    });
    expect(resolveConnection({ reconnect: false }).reconnect).toBe(false);
  });

  it.each<[MqttConnectionOptions, boolean]>([
    [{}, false],
    [{ clean: true }, false],
    [{ clean: false }, false],
    [{ clean: false, properties: { sessionExpiryInterval: 0 } }, false],
    [{ clean: false, properties: { sessionExpiryInterval: 1 } }, true],
    [{ properties: { sessionExpiryInterval: 1 } }, false],
    [{ clean: false, protocolVersion: 4 }, true],
    [{ protocolVersion: 4 }, false],
  ])('knows whether the session of %j outlives its connection (section 3.1.2.11.2)', (options, expected) => {
    expect(resolveConnection(options).durableSession).toBe(expected);
  });

  it('changes nothing that it is given, and lets nobody change what it gives', () => {
    const options: MqttConnectionOptions = deepFrozen({
      url: 'mqtt://broker',
      reconnect: { maxAttempts: 3 },
      properties: { sessionExpiryInterval: 9, userProperties: { a: ['1', '2'] } },
      will: { topic: 'w', payload: Buffer.from('x'), properties: { contentType: 'text/plain' } },
      strippedPrefixes: ['$q/'],
    });
    const resolved = resolveConnection(options);
    expect(Object.isFrozen(resolved)).toBe(true);
    expect(Object.isFrozen(resolved.mqtt)).toBe(true);
    expect(resolved.mqtt.will).toEqual(options.will);
    expect(resolved.mqtt.will).not.toBe(options.will);
    expect(resolved.mqtt.properties).toEqual(options.properties);
    expect(resolved.mqtt.properties).not.toBe(options.properties);
  });
});

describe('checkConnection', () => {
  it.each([
    {},
    { url: 'mqtt://user:secret@broker:1883' },
    { url: 'mqtts://broker/' },
    { url: 'ws://broker/mqtt?a=b' },
    { url: 'wss://[::1]:8084/mqtt' },
    { url: 'tcp://broker' },
    { host: 'broker', port: 1883 },
    { protocolVersion: 4, will: { topic: 'w', payload: 'x' } },
    { keepalive: 0, connectTimeout: 1, maxConnectionAttempts: 1, noDelay: false },
    { keepalive: 65_535, clean: false, clientId: 'me' },
    { reconnect: { initialDelay: 0, maxDelay: 0, factor: 1, jitter: false, maxAttempts: 1 } },
    { credentials: () => ({}) },
    { connectTimeout: 2 ** 31 - 1, reconnect: { initialDelay: 2 ** 31, maxDelay: Number.MAX_SAFE_INTEGER } },
    { maxFiltersPerSubscribe: 1, subscribeBatchSize: 1 },
    { maxFiltersPerSubscribe: 65_535, subscribeBatchSize: 65_535 },
    { discouragedCharacters: 'refuse', clientId: 'any\u0002\uffff' },
    {
      will: {
        topic: 'w',
        payload: '',
        properties: { contentType: '', responseTopic: 'r', userProperties: { a: ['b'] } },
      },
      properties: { userProperties: { a: '1', 'nest-x': ['2', '3'] } },
    },
  ])('takes %j', (options) => {
    expect(problems(options)).toEqual([]);
  });

  it.each<[object, string[]]>([
    [{ url: '' }, ['url']],
    [{ url: 'broker' }, ['url']],
    [{ url: 7 }, ['url']],
    [{ url: 'http://broker' }, ['url']],
    [{ url: 'mqtt://broker/path' }, ['url']],
    [{ url: 'mqtt://broker?x=1' }, ['url']],
    [{ url: 'mqtt://broker', host: 'broker' }, ['url']],
    [{ url: 'mqtt://broker', servers: [] }, ['url']],
    [{ protocolVersion: 3 }, ['protocolVersion']],
    [{ protocolVersion: '5' }, ['protocolVersion']],
    [{ noDelay: 1 }, ['noDelay']],
    [{ clean: 'no' }, ['clean']],
    [{ clientId: 5 }, ['clientId']],
    [{ keepalive: 65_536 }, ['keepalive']],
    [{ keepalive: -1 }, ['keepalive']],
    [{ connectTimeout: 0 }, ['connectTimeout']],
    [{ connectTimeout: 2 ** 31 }, ['connectTimeout']],
    [{ connectTimeout: Infinity }, ['connectTimeout']],
    [{ maxFiltersPerSubscribe: 0 }, ['maxFiltersPerSubscribe']],
    [{ maxFiltersPerSubscribe: 65_536 }, ['maxFiltersPerSubscribe']],
    [{ subscribeBatchSize: 0 }, ['subscribeBatchSize']],
    [{ subscribeBatchSize: 1.5 }, ['subscribeBatchSize']],
    [{ discouragedCharacters: true }, ['discouragedCharacters']],
    [{ reconnect: { initialDelay: Infinity, maxDelay: Infinity } }, ['reconnect.initialDelay', 'reconnect.maxDelay']],
    [{ will: { topic: 'w/#', payload: '' } }, ['will.topic']],
    [
      {
        will: { topic: 'w', payload: '', properties: { contentType: 7, responseTopic: '+', userProperties: { a: 1 } } },
      },
      ['will.properties.contentType', 'will.properties.responseTopic', 'will.properties.userProperties["a"]'],
    ],
    [{ will: { topic: 'w', payload: '', properties: 7 } }, ['will.properties']],
    [{ properties: { userProperties: { a: null } } }, ['properties.userProperties["a"]']],
    [{ maxConnectionAttempts: 0 }, ['maxConnectionAttempts']],
    [{ maxConnectionAttempts: -2 }, ['maxConnectionAttempts']],
    [{ credentials: {} }, ['credentials']],
    [{ credentials: () => ({}), username: 'u' }, ['credentials']],
    [{ credentials: () => ({}), password: 'p' }, ['credentials']],
    [{ clean: false }, ['clean']],
    [{ reconnect: true }, ['reconnect']],
    [{ reconnect: null }, ['reconnect']],
    [{ reconnect: { initialDelay: -1 } }, ['reconnect.initialDelay']],
    [{ reconnect: { maxDelay: 0.5 } }, ['reconnect.maxDelay']],
    [{ reconnect: { factor: 0 } }, ['reconnect.factor']],
    [{ reconnect: { jitter: 'full' } }, ['reconnect.jitter']],
    [{ reconnect: { maxAttempts: 0 } }, ['reconnect.maxAttempts']],
    [{ protocolVersion: 4, properties: {} }, ['properties']],
    [{ protocolVersion: 4, will: { topic: 'w', payload: '', properties: {} } }, ['will.properties']],
    [{ properties: 7 }, ['properties']],
    [{ will: 'bye' }, ['will']],
    [{ strippedPrefixes: '$queue/' }, ['strippedPrefixes']],
    [{ strippedPrefixes: ['$queue/', 7] }, ['strippedPrefixes[1]']],
  ])('refuses %j', (options, expected) => {
    expect(problems(options)).toEqual(expected);
  });

  it('names the bound of a duration that MQTT.js makes a timer of', () => {
    expect(() => check({ connectTimeout: 2 ** 31 })).toThrow(/connectTimeout: 2147483648 .* from 1 to 2147483647\./);
  });

  it('refuses discouraged characters in what CONNECT and the will carry, unless they are allowed', () => {
    const options = {
      properties: { userProperties: { a: '\u0002' } },
      will: {
        topic: 'w\u0002',
        payload: '\u0002',
        properties: { contentType: '\u0002', responseTopic: '\u0002', userProperties: { a: ['\u0002'] } },
      },
    };
    // the checks are told by whoever makes them, for they know all of the options
    const checkAs = (discouraged: 'refuse' | 'allow') => (): void => {
      const checks = new OptionChecks(discouraged);
      checkConnection(checks, options);
      checks.done();
    };
    expect(problemsOf(checkAs('refuse'))).toEqual([
      'properties.userProperties["a"]',
      'will.topic',
      'will.properties.contentType',
      'will.properties.responseTopic',
      'will.properties.userProperties["a"]',
    ]);
    expect(problemsOf(checkAs('allow'))).toEqual([]);
  });

  it('reports everything at once, each with its remedy', () => {
    const everything = { url: 'ftp://x', protocolVersion: 3, keepalive: -1, clean: false, reconnect: { factor: 0 } };
    expect(problems(everything)).toEqual(['url', 'protocolVersion', 'keepalive', 'reconnect.factor', 'clean']);
    expect(() => check(everything)).toThrow(/^Invalid MQTT options \(5\):\n( {2}- .+: .+\. .+\.\n?){5}$/);
  });

  it.each([
    { url: 'http://user:hunter2@broker' },
    { url: 'mqtt://user:hunter2@broker/path' },
    { url: 'mqtt://user:hunter2@bro ker' },
    { url: 'mqtt://user:hunter2@broker', host: 'x' },
    { username: 'user', password: 'hunter2', credentials: () => ({}), url: 7 },
    { password: 'hunter2', keepalive: -1, ca: 'hunter2', key: 'hunter2' },
  ])('shows no secret: %#', (options) => {
    expect(() => check(options)).toThrow(/^Invalid MQTT options/);
    expect(() => check(options)).not.toThrow(/hunter2/);
  });
});
