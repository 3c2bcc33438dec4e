import 'reflect-metadata';
import { PATTERN_METADATA } from '@nestjs/microservices/constants.js';
import { assertSubscriptionNames, type MqttSubscriptionOptions } from '../../options/subscription-options.js';
import { CONTROLLER_OPTIONS, DECORATED, extendExtras, extrasOf } from './handler-extras.js';

type Method = (...args: unknown[]) => unknown;

/**
 * Sets the subscription options of a controller or of a handler. For each option the innermost value applies: method, controller,
 * server; prefixes are concatenated.
 *
 * @throws InvalidOptionsError for an unknown option
 * @example
 * ```ts
 * @Controller()
 * @MqttSubscription({ prefix: 'site-7/', shared: 'workers', qos: 1 })
 * export class TelemetryController {
 *   @MqttSubscription({ maxWorkers: 1 })
 *   @EventPattern('devices/+/temperature') // subscribes $share/workers/site-7/devices/+/temperature
 *   temperature(@Payload() celsius: number) {}
 * }
 * ```
 */
export function MqttSubscription(options: MqttSubscriptionOptions): ClassDecorator & MethodDecorator {
  assertSubscriptionNames('@MqttSubscription', options);
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor): void => {
    if (descriptor) extendExtras(descriptor.value as Method, { ...options }, target, key!);
    else decorateController(target as { prototype: object }, options);
  };
}

/** Class decorators run after those of methods: the patterns are registered by then. */
function decorateController(controller: { prototype: object }, options: MqttSubscriptionOptions): void {
  const { prototype } = controller;
  Reflect.defineMetadata(DECORATED, true, controller);
  for (const name of methodNames(prototype)) {
    const method = (prototype as Record<string, unknown>)[name];
    if (typeof method !== 'function' || !Reflect.hasMetadata(PATTERN_METADATA, method)) continue;
    const own = Object.hasOwn(prototype, name) ? (method as Method) : copyInherited(prototype, name, method as Method);
    const inherited = (extrasOf(own)[CONTROLLER_OPTIONS] ?? {}) as MqttSubscriptionOptions;
    extendExtras(own, { [CONTROLLER_OPTIONS]: { ...inherited, ...options } }, prototype, name);
  }
}

function* methodNames(prototype: object): Generator<string> {
  const seen = new Set<string>(['constructor']);
  for (let level = prototype; level && level !== Object.prototype; level = Object.getPrototypeOf(level) as object) {
    for (const name of Object.getOwnPropertyNames(level)) {
      if (seen.has(name)) continue;
      seen.add(name);
      if (!Object.getOwnPropertyDescriptor(level, name)?.get) yield name;
    }
  }
}

/** Gives a controller its own copy of an inherited method, so that options set here do not affect other subclasses. */
function copyInherited(prototype: object, name: string, inherited: Method): Method {
  const own = {
    [name]: function (this: unknown, ...args: unknown[]): unknown {
      return inherited.apply(this, args);
    },
  }[name]!;
  for (const key of Reflect.getOwnMetadataKeys(inherited) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, inherited), own);
  }
  Object.defineProperty(prototype, name, { value: own, writable: true, configurable: true, enumerable: false });
  return own;
}
