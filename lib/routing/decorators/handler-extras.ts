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
 * extras, but not the names of class and method. Recorded by the decorators of this package, and by `MqttModule`.
 */
export const DECLARED_AT = Symbol('nestjs-mqtt-transport:declared-at');

/** The extras of a pattern, which Nest passes with the handler. */
export type Extras = Readonly<Record<PropertyKey, unknown>>;

export function extrasOf(method: object): Extras {
  return (Reflect.getMetadata(PATTERN_EXTRAS_METADATA, method) as Extras | undefined) ?? {};
}

/** @param owner the prototype that holds the method `name`, or the class of a static one */
export function extendExtras(method: object, additional: Extras, owner: object, name: string | symbol): void {
  const extras = { ...extrasOf(method), ...additional, [DECLARED_AT]: nameOfMethod(owner, name) };
  Reflect.defineMetadata(PATTERN_EXTRAS_METADATA, extras, method);
}

/** Records class and method in the extras that the method has: they stay the same object, by which the method can be found. */
export function recordDeclaration(method: object, owner: object, name: string): void {
  const extras = extrasOf(method);
  if (DECLARED_AT in extras || !Object.isExtensible(extras)) return;
  Object.assign(extras, { [DECLARED_AT]: nameOfMethod(owner, name) });
}

/** Class and method of a handler, at the end of a problem; empty if they are not known. */
export function placeOf(extras: Extras): string {
  const place = extras[DECLARED_AT] as string | undefined;
  return place === undefined ? '' : `, at ${place}`;
}

function nameOfMethod(owner: object, name: string | symbol): string {
  const { name: className } = typeof owner === 'function' ? owner : owner.constructor;
  return `${className}.${String(name)}()`;
}
