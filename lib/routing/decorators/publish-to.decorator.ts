import { assertPublishOptions } from '../../options/publish-options.js';
import { extendExtras, extrasOf, PUBLISH_TO } from './handler-extras.js';
import { PUBLISH_TO_NAMES, type PublishTarget, type PublishToOptions } from '../publish-target.js';

/**
 * Publishes the return value of the handler; may be repeated, for several topics. A request is still replied to. Every value of an
 * observable is published; `undefined` is not published. The topic may contain captures of the pattern; it gets no prefix.
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
    // decorators run from bottom to top; the targets keep the order in the source
    extendExtras(method, { [PUBLISH_TO]: [{ topic, options }, ...others] }, target, key);
  };
}
