import type { MqttSubscriptionOptions } from '../options/subscription-options.js';
import type { Handler } from './handler.js';
import type { PublishTarget } from './publish-target.js';
import type { Capture } from './topic-template.js';

/** One handler for one pattern. */
export interface HandlerDescription {
  /** The pattern of the decorator; an object pattern as normalised by Nest. */
  readonly pattern: string;
  /** The pattern with its prefix and without its group, as passed to observers. */
  readonly template: string;
  /** `@EventPattern` or `@MessagePattern`. */
  readonly kind: 'event' | 'request';
  /** Topic Filter of the SUBSCRIBE packet, including prefix and group. */
  readonly subscription: string;
  /** Topic Filter that Topic Names are matched against: without the group, and without a prefix that the broker strips. */
  readonly filter: string;
  /** Group of a Shared Subscription; undefined if there is none. */
  readonly group: string | undefined;
  /** Named captures of the pattern, with their levels in the topic. */
  readonly captures: readonly Capture[];
  /** Options of all levels merged, with defaults. */
  readonly options: Readonly<MqttSubscriptionOptions>;
  /** Targets of `@PublishTo`. */
  readonly publishTo: readonly PublishTarget[];
  /** @internal The same object for all patterns of one method, which runs once for a message that several of them match. */
  readonly method: object;
  /** What Nest keeps beside the pattern: the object that the metadata of the method holds, so that the method can be found by it. */
  readonly extras: Readonly<Record<PropertyKey, unknown>>;
}

export function describeHandler(handler: Handler): HandlerDescription {
  const { pattern, template, isEventHandler, subscription, filter, captures, options, publishTo, method } = handler;
  return {
    pattern,
    template,
    kind: isEventHandler ? 'event' : 'request',
    subscription,
    filter: filter.filter,
    group: filter.group,
    captures,
    options,
    publishTo: publishTo.map((target) => ({ topic: target.topic, options: target.options })),
    method,
    extras: method.extras,
  };
}
