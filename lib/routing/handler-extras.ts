import 'reflect-metadata';
import { PATTERN_EXTRAS_METADATA } from '@nestjs/microservices/constants.js';

/** Where `@MqttSubscription` on a controller leaves its options in the extras of the controller's handlers. */
export const CONTROLLER_OPTIONS = Symbol('nestjs-mqtt-transport:controller-options');

/** Where `@PublishTo` leaves its targets in the extras of a handler. */
export const PUBLISH_TO = Symbol('nestjs-mqtt-transport:publish-to');

/** What Nest keeps beside a pattern, and hands over with its handler. */
export type Extras = Readonly<Record<PropertyKey, unknown>>;

export function extrasOf(method: object): Extras {
  return (Reflect.getMetadata(PATTERN_EXTRAS_METADATA, method) as Extras | undefined) ?? {};
}

export function extendExtras(method: object, additional: Extras): void {
  Reflect.defineMetadata(PATTERN_EXTRAS_METADATA, { ...extrasOf(method), ...additional }, method);
}
