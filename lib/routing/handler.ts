import type { MessageHandler } from '@nestjs/microservices';
import type { ResolvedSubscriptionOptions } from '../options/subscription-options.js';
import type { TopicFilter } from '../protocol/topic-filter.js';
import type { Extras } from './decorators/handler-extras.js';
import type { FilledTopic } from './filled-topic.js';
import type { ResolvedPublishTarget } from './publish-target.js';
import type { Capture } from './topic-template.js';

/** A handler method, as registered by Nest. */
export interface HandlerMethod {
  /** The extras of its patterns: one object, shared by all patterns of the method. */
  readonly extras: Extras;
}

/** One handler for one pattern, with everything that is prepared before messages arrive. */
export interface Handler {
  /** The pattern of the decorator, for logs and errors. */
  readonly pattern: string;
  /** Topic template with prefix and captures, without the group, for observers. */
  readonly template: string;
  /** Class and method, such as `TelemetryController.temperature()`; undefined without `MqttModule` or a decorator of this package. */
  readonly declaredAt: string | undefined;
  readonly callback: MessageHandler;
  /** Whether it is an `@EventPattern` (else `@MessagePattern`). */
  readonly isEventHandler: boolean;
  readonly options: ResolvedSubscriptionOptions;
  /** Topic Filter of the SUBSCRIBE packet, including prefix and group. */
  readonly subscription: string;
  /** Topic Filter that Topic Names are matched against. */
  readonly filter: TopicFilter;
  readonly captures: readonly Capture[];
  /** Topic of its dead letters, if set. */
  readonly deadLetterTopic: FilledTopic | undefined;
  /** Targets of its results. */
  readonly publishTo: readonly ResolvedPublishTarget[];
  /** The same object for all patterns of one method, which runs once for a message that matches several of them. */
  readonly method: HandlerMethod;
}
