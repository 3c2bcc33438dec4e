import 'reflect-metadata';
import { PATTERN_EXTRAS_METADATA } from '@nestjs/microservices/constants.js';

/** Key of the controller's `@MqttSubscription` options in the extras of its handlers. */
export const CONTROLLER_OPTIONS = Symbol('nestjs-mqtt-transport:controller-options');

/** Marks a class decorated with `@MqttSubscription`. */
export const DECORATED = Symbol('nestjs-mqtt-transport:decorated');

/** Key of the `@PublishTo` targets in the extras of a handler. */
export const PUBLISH_TO = Symbol('nestjs-mqtt-transport:publish-to');

/** Key of the capture names used by `@TopicParam` in the extras of a handler. */
export const TOPIC_PARAMS = Symbol('nestjs-mqtt-transport:topic-params');

/**
 * Key of the class and method in the extras of a handler, for error messages: Nest passes the pattern, an anonymous function and the
 * extras, but not the names of class and method.
 */
export const DECLARED_AT = Symbol('nestjs-mqtt-transport:declared-at');

/** The extras of a pattern, which Nest passes with the handler. */
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
