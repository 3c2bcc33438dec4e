import type { MqttSubscriptionOptions } from '../options/subscription-options.js';
import type { Handler } from './handler.js';
import type { PublishTarget } from './publish-target.js';
import type { Capture } from './topic-template.js';

/** One handler under one pattern, as it is served. */
export interface HandlerDescription {
  /** The pattern as it was written, or as Nest normalises it where it was an object. */
  readonly pattern: string;
  /** The pattern with its prefix, without its group, as observers are told. */
  readonly template: string;
  /** `@EventPattern` or `@MessagePattern`. */
  readonly kind: 'event' | 'request';
  /** What the broker is asked for: prefix and group included. */
  readonly subscription: string;
  /** Topic Filter that Topic Names are matched against: without group, and without what the broker strips. */
  readonly filter: string;
  /** Group of a Shared Subscription; undefined where there is none. */
  readonly group: string | undefined;
  /** Named captures of the pattern, by the level of the topic. */
  readonly captures: readonly Capture[];
  /** All levels merged, defaults filled in. */
  readonly options: Readonly<MqttSubscriptionOptions>;
  /** Where `@PublishTo` publishes the results. */
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
