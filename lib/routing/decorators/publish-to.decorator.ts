import { assertPublishOptions } from '../../options/publish-options.js';
import { extendExtras, extrasOf, PUBLISH_TO } from './handler-extras.js';
import { PUBLISH_TO_NAMES, type PublishTarget, type PublishToOptions } from '../publish-target.js';

/**
 * Publishes what the handler returns; given several times, to several topics. Works beside a reply. Observables publish every
 * value; `undefined` is not published. The topic may use the captures of the pattern; prefixes are not put before it.
 *
 * @example
 * ```ts
 * @EventPattern('devices/{deviceId}/celsius')
 * @PublishTo('devices/{deviceId}/fahrenheit', { qos: 1, retain: true })
 * convert(@Payload() celsius: number) {
 *   return celsius * 1.8 + 32;
 * }
 * ```
 */
export function PublishTo(topic: string, options: PublishToOptions = {}): MethodDecorator {
  assertPublishOptions(`@PublishTo('${topic}')`, options, PUBLISH_TO_NAMES);
  return (target: object, key: string | symbol, descriptor: PropertyDescriptor): void => {
    const method = descriptor.value as object;
    const others = (extrasOf(method)[PUBLISH_TO] ?? []) as PublishTarget[];
    // the topmost decorator runs last, and comes first
    extendExtras(method, { [PUBLISH_TO]: [{ topic, options }, ...others] }, target, key);
  };
}
