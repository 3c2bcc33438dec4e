import type { QoS } from '../protocol/application-message.js';
import type { TopicFilter } from '../protocol/topic-filter.js';
import type { Handler } from './handler.js';
import type { TopicParams } from './topic-template.js';

/** One subscription, shared by all handlers of its filter. */
export interface Subscription<H extends Handler = Handler> {
  /** Topic Filter of the SUBSCRIBE packet. */
  readonly text: string;
  /** Topic Filter that Topic Names are matched against. */
  readonly filter: TopicFilter;
  readonly handlers: readonly H[];
  /** The highest QoS of its handlers. */
  qos: QoS;
  readonly nl: boolean;
  readonly rap: boolean;
  readonly rh: 0 | 1 | 2;
  /**
   * Subscription Identifier (section 3.8.2.1.2). Only overlapping filters have one. Filters that do not overlap share identifiers,
   * because a SUBSCRIBE packet has many filters but one identifier; topic and identifier together still identify the filter.
   */
  identifier: number | undefined;
  /** The route of all topics that match only this subscription, if its handlers have no captures; created for the first topic. */
  route: Route<H> | undefined;
}

/** A handler of the messages of one topic. */
export interface Target<H extends Handler = Handler> {
  readonly handler: H;
  readonly subscription: Subscription<H>;
  readonly params: TopicParams;
}

/** The handlers and subscriptions of one topic. */
export interface Route<H extends Handler = Handler> {
  /** Handlers that run: every event handler, and the request handler with the most specific filter. */
  readonly targets: readonly Target<H>[];
  /** All matching subscriptions, including those of handlers that do not run. */
  readonly subscriptions: readonly Subscription<H>[];
}
