import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { EventPattern, type MessageHandler } from '@nestjs/microservices';
import { PATTERN_EXTRAS_METADATA } from '@nestjs/microservices/constants.js';
import { DuplicateHandlerError } from '../../../lib/errors/duplicate-handler.error.js';
import { InvalidOptionsError } from '../../../lib/errors/invalid-options.error.js';
import { InvalidTopicError } from '../../../lib/errors/invalid-topic.error.js';
import { AckPolicy } from '../../../lib/options/ack-policy.js';
import type { MqttSubscriptionOptions } from '../../../lib/options/subscription-options.js';
import type { MqttCodec } from '../../../lib/protocol/codec.js';
import type { Handler } from '../../../lib/routing/handler.js';
import { CONTROLLER_OPTIONS, PUBLISH_TO, type Extras } from '../../../lib/routing/decorators/handler-extras.js';
import { HandlerRegistry } from '../../../lib/routing/handler-registry.js';
import { MqttSubscription } from '../../../lib/routing/decorators/mqtt-subscription.decorator.js';
import { PublishTo } from '../../../lib/routing/decorators/publish-to.decorator.js';
import { problemsOf } from '../options/problems.js';

const callback: MessageHandler = async () => undefined;

interface Registered {
  pattern: string;
  literal?: boolean;
  event?: boolean;
  handler?: MqttSubscriptionOptions & Record<string, unknown>;
  controller?: MqttSubscriptionOptions;
}

interface Level {
  server?: MqttSubscriptionOptions;
  strippedPrefixes?: string[];
  protocolVersion?: 4 | 5;
}

function resolveAll(
  entries: readonly Registered[],
  { server = {}, strippedPrefixes = [], protocolVersion = 5 }: Level = {},
): Handler[] {
  const registry = new HandlerRegistry();
  for (const { pattern, literal = false, event = true, handler = {}, controller } of entries) {
    const extras = controller ? { ...handler, [CONTROLLER_OPTIONS]: controller } : handler;
    registry.add(pattern, literal, callback, event, extras as Extras);
  }
  return registry.resolve({ subscribeOptions: server, strippedPrefixes, protocolVersion });
}

function resolve(entry: Registered, level: Level = {}): Handler {
  return resolveAll([entry], level)[0]!;
}

function registerDiscouraged(discouraged?: 'refuse' | 'allow'): Handler[] {
  const registry = new HandlerRegistry(discouraged);
  registry.add('one\u0001', false, callback, true);
  registry.add('two', false, callback, true, {
    deadLetter: 'dead\n',
    [CONTROLLER_OPTIONS]: { prefix: 'a\u007f/', shared: 'g\uffff' },
  });
  const options = { userProperties: { a: '\u0002' }, contentType: 'a\t' };
  registry.add('three/{id}', false, callback, false, {
    responseTopic: 'r\u009f',
    [PUBLISH_TO]: [{ topic: 'b\u0003/{id}', options }],
  });
  return registry.resolve({ subscribeOptions: {}, strippedPrefixes: [], protocolVersion: 5 });
}

function someCodec(): MqttCodec {
  return { encode: () => Buffer.alloc(0), decode: () => 1 } as unknown as MqttCodec;
}

describe('HandlerRegistry', () => {
  it.each<[string, MqttSubscriptionOptions, string, string]>([
    ['a/b', {}, 'a/b', 'a/b'],
    ['a/b', { prefix: 'site/' }, 'site/a/b', 'site/a/b'],
    ['a/b', { shared: 'g' }, '$share/g/a/b', 'a/b'],
    ['a/b', { shared: 'g', prefix: 'site/' }, '$share/g/site/a/b', 'site/a/b'],
    ['$share/h/a/b', {}, '$share/h/a/b', 'a/b'],
    ['$share/h/a/b', { prefix: 'site/' }, '$share/h/site/a/b', 'site/a/b'],
    ['$share/h/a/b', { prefix: 'site/', shared: 'g' }, '$share/h/site/a/b', 'site/a/b'],
    ['$share/h/a/b', { shared: false }, '$share/h/a/b', 'a/b'],
    ['/a', { shared: 'g' }, '$share/g//a', '/a'],
    ['devices/{id}', { prefix: '{site}/', shared: 'g' }, '$share/g/+/devices/+', '+/devices/+'],
  ])('subscribes %s with %j as %s', (pattern, handler, subscription, filter) => {
    const resolved = resolve({ pattern, handler: { ...handler } });
    expect(resolved.subscription).toBe(subscription);
    expect(resolved.filter.filter).toBe(filter);
    expect(resolved.pattern).toBe(pattern);
  });

  it('adds prefixes up from server to controller to handler', () => {
    const { subscription } = resolve(
      { pattern: 'a', handler: { prefix: 'handler/' }, controller: { prefix: 'controller/' } },
      { server: { prefix: 'server/' } },
    );
    expect(subscription).toBe('server/controller/handler/a');
  });

  it('lets the nearest level win, option by option', () => {
    const { options } = resolve(
      {
        pattern: 'a',
        handler: { maxWorkers: 3, shared: false },
        controller: { qos: 1, ackPolicy: AckPolicy.MANUAL, maxWorkers: 2, shared: 'controllers' },
      },
      { server: { qos: 2, ackPolicy: AckPolicy.REJECT_ON_ERROR, rap: true, shared: 'servers' } },
    );
    expect(options).toMatchObject({ qos: 1, ackPolicy: AckPolicy.MANUAL, maxWorkers: 3, rap: true, shared: undefined });
  });

  it('takes of the extras what is its own, and leaves the rest to others', () => {
    const { options } = resolve({ pattern: 'a', handler: { qos: 1, topicOfSomebodyElse: 'x', timeout: 5 } });
    expect(options).not.toHaveProperty('timeout');
    expect(options.qos).toBe(1);
  });

  it.each<[string, string[], string, number | undefined]>([
    ['$queue/devices/{id}', ['$queue/'], 'devices/+', 1],
    ['$share/g/$queue/devices/{id}', ['$queue/'], 'devices/+', 1],
    ['$exclusive/{id}', ['$queue/', '$exclusive/'], '+', 0],
    ['a/{id}', ['$queue/'], 'a/+', 1],
  ])('matches %s without what the broker strips (%j)', (pattern, strippedPrefixes, filter, level) => {
    const resolved = resolve({ pattern }, { strippedPrefixes });
    expect(resolved.subscription).toBe(pattern.replace('{id}', '+'));
    expect(resolved.filter.filter).toBe(filter);
    expect(resolved.captures).toEqual([{ name: 'id', level }]);
  });

  it('takes the braces of an object pattern for what they are', () => {
    const resolved = resolve({ pattern: '{"cmd":"sum"}', literal: true });
    expect(resolved).toMatchObject({ subscription: '{"cmd":"sum"}', captures: [] });
    expect(resolved.filter.matches('{"cmd":"sum"}')).toBe(true);
  });

  it('knows the patterns of one method, which Nest registers in a row with one extras object', () => {
    const registry = new HandlerRegistry();
    const [one, two] = [{}, {}];
    for (const [pattern, extras] of [
      ['a', one],
      ['b', one],
      ['a', two],
      ['c', two],
    ] as const)
      registry.add(pattern, false, callback, true, extras);
    const methods = registry
      .resolve({ subscribeOptions: {}, strippedPrefixes: [], protocolVersion: 5 })
      .map(({ method }) => method);
    expect(methods[0]).toBe(methods[1]);
    expect(methods[2]).toBe(methods[3]);
    expect(methods[0]).not.toBe(methods[2]);
  });

  it('tells methods apart that share an extras object but register the same pattern', () => {
    const extras = {};
    const registry = new HandlerRegistry();
    registry.add('a', false, callback, true, extras);
    registry.add('a', false, callback, true, extras);
    const [first, second] = registry.resolve({ subscribeOptions: {}, strippedPrefixes: [], protocolVersion: 5 });
    expect(first!.method).not.toBe(second!.method);
  });

  it.each([
    ['the same filter', ['a/+', 'a/+']],
    ['one filter under two names of a capture', ['a/{x}', 'a/{y}']],
    ['one filter inside a group and outside', ['a', '$share/g/a']],
  ])('refuses two request handlers of %s', (_, patterns) => {
    const register = () => resolveAll(patterns.map((pattern) => ({ pattern, event: false })));
    expect(register).toThrow(DuplicateHandlerError);
    expect(register).toThrow(/make it an @EventPattern/);
  });

  it('takes any number of event handlers of one filter, and a request handler beside them', () => {
    expect(resolveAll([{ pattern: 'a' }, { pattern: 'a' }, { pattern: 'a', event: false }])).toHaveLength(3);
  });

  it('reports the problems of all handlers at once, each with its pattern', () => {
    const handlers = [
      { pattern: 'one', handler: { qos: 3 as 2 } },
      { pattern: 'two', controller: { maxWorkers: 0 } },
      { pattern: 'three', handler: { responseTopic: 'a/#' } },
    ];
    const register = () => resolveAll(handlers);
    expect(register).toThrow(InvalidOptionsError);
    expect(register).toThrow(/'one'\.qos.*\n.*'two'\.maxWorkers.*\n.*'three'\.responseTopic/);
  });

  it('refuses discouraged characters of all handlers at once, unless they are allowed', () => {
    expect(problemsOf(() => registerDiscouraged())).toEqual([
      'pattern "one\\u0001"',
      `'two'.shared`,
      `'two'.prefix`,
      `'two'.deadLetter`,
      `'three/{id}'.responseTopic`,
      'topic of @PublishTo("b\\u0003/{id}")',
      `@PublishTo('b\u0003/{id}').contentType`,
      `@PublishTo('b\u0003/{id}').userProperties["a"]`,
    ]);
    expect(registerDiscouraged('allow')).toHaveLength(3);
  });

  it.each<[string, Registered, Level]>([
    ['a group that a farther level names', { pattern: 'a', handler: { nl: true } }, { server: { shared: 'g' } }],
    ['a group that the controller names', { pattern: 'a', handler: { nl: true }, controller: { shared: 'g' } }, {}],
    ['a group in the pattern', { pattern: '$share/g/a', handler: { nl: true } }, {}],
    [
      'a group before what the broker strips',
      { pattern: '$share/g/$q/a', handler: { nl: true } },
      { strippedPrefixes: ['$q/'] },
    ],
  ])('refuses No Local in %s [MQTT-3.8.3-4]', (_, entry, level) => {
    expect(() => resolve(entry, level)).toThrow(/No Local on a Shared Subscription is a protocol error/);
  });

  it('takes No Local where an inherited group is switched off', () => {
    const entry = { pattern: 'a', handler: { nl: true, shared: false as const } };
    expect(resolve(entry, { server: { shared: 'g' } })).toMatchObject({ subscription: 'a', options: { nl: true } });
  });

  it.each(['nl', 'rap', 'rh'] as const)('refuses %s on 3.1.1', (name) => {
    expect(() =>
      resolve({ pattern: 'a', handler: { [name]: name === 'rh' ? 1 : true } }, { protocolVersion: 4 }),
    ).toThrow(/3\.1\.1 does not have it/);
  });

  it.each(['a/#/b', 'a+', '', '$share/g', '$share//a', 'device-{id}'])('refuses the pattern %j', (pattern) => {
    expect(() => resolve({ pattern })).toThrow(InvalidTopicError);
  });

  describe('shows what it refuses as it was written (fault 13)', () => {
    class Devices {
      @MqttSubscription({ qos: 1 })
      @EventPattern<string>('a/#/{id}')
      event(): void {}

      @EventPattern<string>('a/{id}')
      @PublishTo('b/#/{id}')
      result(): void {}
    }

    it.each([
      ['a/#/{id}', {}, /^Invalid topic "a\/#\/\{id\}": # must be the whole last level\.$/],
      ['{id}/a+', {}, /^Invalid topic "\{id\}\/a\+": \+ must be a whole level\.$/],
      ['$share/g/#/{id}', {}, /^Invalid topic "\$share\/g\/#\/\{id\}"/],
      ['{id}/#/x', { shared: 'g' }, /^Invalid topic "\{id\}\/#\/x"/],
      ['a-{id}', { prefix: 'site/' }, /^Invalid topic "a-\{id\}": .* \(with the prefix "site\/" before it\)\.$/],
      ['a/{id}', { prefix: '#/' }, /^Invalid topic "#\/": the option prefix has a #/],
    ])('the pattern %s', (pattern, handler, message) => {
      expect(() => resolve({ pattern, handler })).toThrow(message);
    });

    it.each([
      ['event', 'a/#/{id}', /^Invalid topic "a\/#\/\{id\}": # must .*, at Devices\.event\(\)\.$/],
      ['result', 'a/{id}', /^Invalid topic "b\/#\/\{id\}": .* \(@PublishTo, at Devices\.result\(\)\)\.$/],
    ] as const)(
      'with class and method, where a decorator of this package stands on it: %s',
      (method, pattern, message) => {
        const extras = Reflect.getMetadata(PATTERN_EXTRAS_METADATA, Devices.prototype[method]) as Extras;
        const registry = new HandlerRegistry();
        registry.add(pattern, false, callback, true, extras);
        expect(() => registry.resolve({ subscribeOptions: {}, strippedPrefixes: [], protocolVersion: 5 })).toThrow(
          message,
        );
      },
    );

    it('with class and method, where one stands on the controller', () => {
      @MqttSubscription({ prefix: 'x/' })
      class Site {
        @EventPattern<string>('a/#/{id}')
        event(): void {}
      }
      const extras = Reflect.getMetadata(PATTERN_EXTRAS_METADATA, Site.prototype.event) as Extras;
      const registry = new HandlerRegistry();
      registry.add('a/#/{id}', false, callback, true, extras);
      expect(() => registry.resolve({ subscribeOptions: {}, strippedPrefixes: [], protocolVersion: 5 })).toThrow(
        /"a\/#\/\{id\}": .* \(with the prefix "x\/" before it\), at Site\.event\(\)\.$/,
      );
    });
  });

  it('keeps the options of handlers that say the same once, and apart what only looks alike', () => {
    const [first, second, other, one, two, plain, alsoPlain] = resolveAll([
      { pattern: 'a', handler: { qos: 1 }, controller: { maxWorkers: 2 } },
      { pattern: 'b', handler: { qos: 1 }, controller: { maxWorkers: 2 } },
      { pattern: 'c', handler: { qos: 1 } },
      { pattern: 'd', handler: { codec: someCodec() } },
      { pattern: 'e', handler: { codec: someCodec() } },
      { pattern: 'f' },
      { pattern: 'g' },
    ]).map(({ options }) => options);
    expect(first).toBe(second);
    expect(other).not.toBe(first);
    expect(one!.codec).not.toBe(two!.codec);
    expect(plain).toBe(alsoPlain);
  });

  it('changes nothing that it is given', () => {
    const extras = Object.freeze({
      qos: 1,
      retry: Object.freeze({ attempts: 2 }),
      [CONTROLLER_OPTIONS]: Object.freeze({ prefix: 'x/' }),
    });
    const registry = new HandlerRegistry();
    registry.add('a', false, callback, true, extras);
    const level = {
      subscribeOptions: Object.freeze({ shared: 'g' }),
      strippedPrefixes: Object.freeze(['$queue/']),
      protocolVersion: 5 as const,
    };
    expect(registry.resolve(Object.freeze(level))[0]).toMatchObject({ subscription: '$share/g/x/a' });
    expect(registry.resolve(level)).toEqual(registry.resolve(level)); // as for a second listen()
  });

  it('is empty until a handler is added', () => {
    const registry = new HandlerRegistry();
    expect(registry.isEmpty).toBe(true);
    registry.add('a', false, callback, true);
    expect(registry.isEmpty).toBe(false);
  });
});
