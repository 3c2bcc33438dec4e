import { describe, expect, it } from '@jest/globals';
import { AckPolicy } from '../../../lib/options/ack-policy.js';
import { resolveServerOptions, type MqttServerOptions } from '../../../lib/options/server-options.js';
import { MemoryDeadLetterStore } from '../../../lib/server/dead-letters/memory-dead-letter-store.js';
import { deepFrozen, problemsOf } from './problems.js';

function problems(options: object): string[] {
  return problemsOf(() => resolveServerOptions(options));
}

const DURABLE = { clientId: 'me', clean: false, properties: { sessionExpiryInterval: 60 } };

describe('resolveServerOptions', () => {
  it('has the defaults that are documented', () => {
    const { connection, ...rest } = resolveServerOptions();
    expect(rest).toEqual({
      transportId: undefined,
      waitForBroker: true,
      subscribeOptions: {},
      publishOptions: {},
      maxConcurrency: 256,
      gracefulTimeoutMs: 15_000,
      handlerTimeoutMs: undefined,
      redelivery: undefined,
      refusable: [1],
      qos0Buffer: { size: 10_000, overflow: 'drop-oldest' },
      maxPayloadBytes: Infinity,
      onStaleSubscription: 'log',
      allowedResponseTopics: undefined,
      codec: undefined,
    });
    expect(connection).toMatchObject({ url: 'mqtt://localhost:1883', protocolVersion: 5 });
  });

  it.each<[MqttServerOptions, number | undefined]>([
    [{}, 256],
    [{ maxConcurrency: 10 }, 10],
    [{ maxConcurrency: 100_000 }, 65_535],
    [{ maxConcurrency: 10, properties: { receiveMaximum: 3 } }, 3],
    [{ maxConcurrency: 10, protocolVersion: 4 }, undefined],
  ])('makes of %j the Receive Maximum %j (section 3.1.2.11.3)', (options, expected) => {
    expect(resolveServerOptions(options).connection.mqtt.properties?.receiveMaximum).toBe(expected);
  });

  it.each<[MqttServerOptions, readonly number[]]>([
    [{}, [1]],
    [{ negativeAcknowledgements: 'puback' }, [1]],
    [{ negativeAcknowledgements: 'all' }, [1, 2]],
    [{ negativeAcknowledgements: 'none' }, []],
    [{ protocolVersion: 4 }, []],
  ])('%j tells the broker of rejects at QoS %j', (options, expected) => {
    expect(resolveServerOptions(options).refusable).toEqual(expected);
  });

  it.each<[MqttServerOptions, string]>([
    [{ negativeAcknowledgements: 'pubrec' as never }, '"pubrec" is not a valid value'],
    [{ negativeAcknowledgements: 'all', protocolVersion: 4 }, 'MQTT 3.1.1 does not have it'],
  ])('refuses %j', (options, problem) => {
    expect(() => resolveServerOptions(options)).toThrow(problem);
  });

  it('fills in what redelivery and qos0Buffer leave open', () => {
    const { redelivery, qos0Buffer } = resolveServerOptions({
      ...DURABLE,
      redelivery: { reconnect: true },
      qos0Buffer: { overflow: 'drop-newest' },
    });
    expect(redelivery).toEqual({ delayMs: 1_000, maxDelayMs: 60_000 });
    expect(qos0Buffer).toEqual({ size: 10_000, overflow: 'drop-newest' });
  });

  it('changes nothing that it is given, and lets nobody change what it gives', () => {
    const options: MqttServerOptions = deepFrozen({
      ...DURABLE,
      subscribeOptions: { qos: 1, shared: 'g', retry: { attempts: 3 } },
      publishOptions: { qos: 1, userProperties: { site: '7' } },
      qos0Buffer: { size: 5 },
      redelivery: { reconnect: true, delay: 5 },
      allowedResponseTopics: ['reply/#'],
      will: { topic: 'w', payload: 'x' },
    });
    const before = structuredClone(options);
    const resolved = resolveServerOptions(options);
    expect(options).toEqual(before);
    expect(resolved.allowedResponseTopics).toEqual(['reply/#']);
    for (const part of [
      resolved,
      resolved.subscribeOptions,
      resolved.publishOptions,
      resolved.qos0Buffer,
      resolved.allowedResponseTopics,
    ])
      expect(Object.isFrozen(part)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['maxConcurrency', 0],
    ['maxConcurrency', Infinity],
    ['gracefulTimeout', -1],
    ['gracefulTimeout', 0.5],
    ['gracefulTimeout', NaN],
    ['handlerTimeout', 0],
    ['handlerTimeout', '5'],
    ['maxPayloadBytes', -1],
    ['deadLetters', true],
    ['onStaleSubscription', 'ignore'],
    ['codec', {}],
    ['subscribeOptions', null],
    ['publishOptions', 7],
    ['redelivery', true],
    ['qos0Buffer', []],
    ['allowedResponseTopics', 'reply/#'],
  ])('refuses %s: %j', (option, value) => {
    expect(problems({ ...DURABLE, [option]: value })).toEqual([option]);
  });

  it.each([
    { gracefulTimeout: 0, handlerTimeout: 1 },
    { gracefulTimeout: Infinity, handlerTimeout: Infinity },
    { gracefulTimeout: 2 ** 31, handlerTimeout: Number.MAX_SAFE_INTEGER },
    { ...DURABLE, redelivery: { reconnect: true, delay: 2 ** 31, maxDelay: Number.MAX_SAFE_INTEGER } },
    { subscribeOptions: { retry: { attempts: 2, delay: 2 ** 31, maxDelay: Number.MAX_SAFE_INTEGER } } },
  ])('takes durations that are longer than a timer of Node: %j', (options) => {
    expect(problems(options)).toEqual([]);
  });

  it('refuses discouraged characters in what it is to send, unless they are allowed', () => {
    const options = {
      ...DURABLE,
      clientId: 'server\u0002',
      subscribeOptions: { prefix: 'a\u0001/', shared: 'g\u007f', responseTopic: 'r\n', deadLetter: 'd\uffff' },
      publishOptions: { userProperties: { a: '\u0085' } },
      will: { topic: 'w\t', payload: '' },
    };
    expect(problems(options)).toEqual([
      'will.topic',
      'subscribeOptions.shared',
      'subscribeOptions.prefix',
      'subscribeOptions.responseTopic',
      'subscribeOptions.deadLetter',
      'publishOptions.userProperties["a"]',
    ]);
    expect(problems({ ...options, discouragedCharacters: 'allow' })).toEqual([]);
  });

  it.each<[object, string[]]>([
    [{ qos0Buffer: { size: -1, overflow: 'block' } }, ['qos0Buffer.size', 'qos0Buffer.overflow']],
    [
      { ...DURABLE, redelivery: { reconnect: true, delay: -1, maxDelay: 0.5 } },
      ['redelivery.delay', 'redelivery.maxDelay'],
    ],
    [
      { ...DURABLE, redelivery: { reconnect: true, delay: Infinity, maxDelay: Infinity } },
      ['redelivery.delay', 'redelivery.maxDelay'],
    ],
    [{ subscribeOptions: { qos: 5, deadLetter: '#' } }, ['subscribeOptions.qos', 'subscribeOptions.deadLetter']],
    [
      { publishOptions: { qos: 5, retain: 1, messageExpiryInterval: -1 } },
      ['publishOptions.qos', 'publishOptions.retain', 'publishOptions.messageExpiryInterval'],
    ],
    [{ publishOptions: { messageExpiryInterval: 1 }, protocolVersion: 4 }, ['publishOptions.messageExpiryInterval']],
    [{ allowedResponseTopics: ['ok/#', 'a/#/b', 7] }, ['allowedResponseTopics[1]', 'allowedResponseTopics[2]']],
    [
      { url: 'ftp://x', maxConcurrency: 0, subscribeOptions: { rh: 9 } },
      ['url', 'subscribeOptions.rh', 'maxConcurrency'],
    ],
  ])('refuses %j, all of it at once', (options, expected) => {
    expect(problems(options)).toEqual(expected);
  });

  it.each<[object, boolean]>([
    [{}, false],
    [{ clientId: 'me', clean: false }, false],
    [{ clientId: 'me', clean: false, properties: { sessionExpiryInterval: 0 } }, false],
    [{ clientId: 'me', properties: { sessionExpiryInterval: 60 } }, false],
    [{ clientId: 'me', clean: false, protocolVersion: 4 }, true],
    [DURABLE, true],
  ])('asks for a session that survives where messages are withheld: %j', (options, survives) => {
    const redelivery = { reconnect: true };
    const subscribeOptions = { ackPolicy: AckPolicy.NACK_ON_ERROR };
    expect(problems({ ...options, redelivery })).toEqual(survives ? [] : ['redelivery']);
    expect(problems({ ...options, subscribeOptions })).toEqual(survives ? [] : ['subscribeOptions.ackPolicy']);
  });
});

describe('deadLetters', () => {
  const store = new MemoryDeadLetterStore();

  it('has the defaults that are documented', () => {
    const { deadLetters } = resolveServerOptions({ deadLetters: { store } });
    expect(deadLetters).toEqual({ store, maxReplays: 3, leaseMs: 30_000 });
    expect(resolveServerOptions().deadLetters).toBeUndefined();
  });

  it.each<[string, object]>([
    ['deadLetters.store', {}],
    ['deadLetters.store', { store: { add: () => '1' } }],
    ['deadLetters.maxReplays', { store, maxReplays: 0 }],
    ['deadLetters.lease', { store, lease: 99 }],
    ['deadLetters.lease', { store, lease: Infinity }],
    ['deadLetters.leese', { store, leese: 1_000 }],
  ])('refuses %s: %o', (option, deadLetters) => {
    expect(() => resolveServerOptions({ deadLetters: deadLetters as never })).toThrow(option);
  });
});
