import type { MessageHandler } from '@nestjs/microservices';
import type { ResolvedSubscriptionOptions } from '../options/subscription-options.js';
import type { TopicFilter } from '../protocol/topic-filter.js';
import type { Extras } from './decorators/handler-extras.js';
import type { FilledTopic } from './filled-topic.js';
import type { ResolvedPublishTarget } from './publish-target.js';
import type { Capture } from './topic-template.js';

/** A method as Nest registers it. */
export interface HandlerMethod {
  /** What Nest keeps beside its patterns: one object, which every pattern of the method shares. */
  readonly extras: Extras;
}

/** One handler under one pattern, with everything that can be known before a message comes. */
export interface Handler {
  /** The pattern as it was written, for logs and errors. */
  readonly pattern: string;
  /** Declared topic with prefix and captures, without its group, for observers. */
  readonly template: string;
  /** Class and method, where one of this package's decorators stands on them: `TelemetryController.temperature()`. */
  readonly declaredAt: string | undefined;
  readonly callback: MessageHandler;
  /** `@EventPattern` rather than `@MessagePattern`. */
  readonly isEventHandler: boolean;
  readonly options: ResolvedSubscriptionOptions;
  /** What the broker is asked for: prefix and group included. */
  readonly subscription: string;
  /** What Topic Names are matched against. */
  readonly filter: TopicFilter;
  readonly captures: readonly Capture[];
  /** Where its dead letters are published, if they are. */
  readonly deadLetterTopic: FilledTopic | undefined;
  /** Where its results are published. */
  readonly publishTo: readonly ResolvedPublishTarget[];
  /** The same for all patterns of one method, which runs once for a message that several of them match. */
  readonly method: HandlerMethod;
}
