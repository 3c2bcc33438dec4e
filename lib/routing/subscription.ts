import type { QoS } from '../protocol/application-message.js';
import type { TopicFilter } from '../protocol/topic-filter.js';
import type { Handler } from './handler.js';
import type { TopicParams } from './topic-template.js';

/** One subscription at the broker; the handlers of one filter share it. */
export interface Subscription<H extends Handler = Handler> {
  /** What the broker is asked for. */
  readonly text: string;
  /** What Topic Names are matched against. */
  readonly filter: TopicFilter;
  readonly handlers: readonly H[];
  /** The highest that one of its handlers asks for. */
  qos: QoS;
  readonly nl: boolean;
  readonly rap: boolean;
  readonly rh: 0 | 1 | 2;
  /**
   * Subscription Identifier (section 3.8.2.1.2). Only filters that overlap have one, and those that do not overlap share it: a
   * SUBSCRIBE packet holds many filters but one identifier, and a topic with a filter's identifier names that filter all the same.
   */
  identifier: number | undefined;
  /** Of all topics that belong to this subscription alone, where its handlers capture nothing from them; made for the first one. */
  route: Route<H> | undefined;
}

/** A handler that runs for the messages of one topic. */
export interface Target<H extends Handler = Handler> {
  readonly handler: H;
  readonly subscription: Subscription<H>;
  readonly params: TopicParams;
}

/** All that is known about the messages of one topic. */
export interface Route<H extends Handler = Handler> {
  /** Handlers that run: every event handler, and the request handler with the most specific filter. */
  readonly targets: readonly Target<H>[];
  /** Subscriptions that match, those of handlers that do not run included. */
  readonly subscriptions: readonly Subscription<H>[];
}
