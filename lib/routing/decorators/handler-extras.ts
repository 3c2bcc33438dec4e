import 'reflect-metadata';
import { PATTERN_EXTRAS_METADATA } from '@nestjs/microservices/constants.js';

/** Where `@MqttSubscription` on a controller leaves its options in the extras of the controller's handlers. */
export const CONTROLLER_OPTIONS = Symbol('nestjs-mqtt-transport:controller-options');

/** Left on a class that `@MqttSubscription` stands on. */
export const DECORATED = Symbol('nestjs-mqtt-transport:decorated');

/** Where `@PublishTo` leaves its targets in the extras of a handler. */
export const PUBLISH_TO = Symbol('nestjs-mqtt-transport:publish-to');

/** Where `@TopicParam` leaves the names of the captures that a handler asks for. */
export const TOPIC_PARAMS = Symbol('nestjs-mqtt-transport:topic-params');

/**
 * Where the decorators of this package leave the class and method that they stand on, for errors: Nest hands over a pattern, a
 * function without a name and the extras, and tells nobody where they are from.
 */
export const DECLARED_AT = Symbol('nestjs-mqtt-transport:declared-at');

/** What Nest keeps beside a pattern, and hands over with its handler. */
export type Extras = Readonly<Record<PropertyKey, unknown>>;

export function extrasOf(method: object): Extras {
  return (Reflect.getMetadata(PATTERN_EXTRAS_METADATA, method) as Extras | undefined) ?? {};
}

/** @param owner the prototype that holds the method `name`, or the class of a static one */
export function extendExtras(method: object, additional: Extras, owner: object, name: string | symbol): void {
  const { name: className } = typeof owner === 'function' ? owner : owner.constructor;
  const extras = { ...extrasOf(method), ...additional, [DECLARED_AT]: `${className}.${String(name)}()` };
  Reflect.defineMetadata(PATTERN_EXTRAS_METADATA, extras, method);
}
