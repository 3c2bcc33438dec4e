import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import type { QoS } from '../protocol/application-message.js';
import type { Handler } from './handler.js';
import type { Subscription } from './subscription.js';
import { TopicFilterTree } from './topic-filter-tree.js';

/** Where a subscription is put together. */
type Growing<H extends Handler> = Subscription<H> & { readonly handlers: H[] };

/**
 * The subscriptions of a server's handlers: one for each filter, with what its handlers agree on. One tree of them serves both the
 * messages that come in, and the plan of what the broker is asked for.
 */
export class Subscriptions<H extends Handler = Handler> {
  private readonly byText = new Map<string, Growing<H>>();
  private readonly tree = new TopicFilterTree<Subscription<H>>();

  /** @throws InvalidOptionsError when handlers of one filter disagree about its options */
  constructor(handlers: Iterable<H>) {
    for (const handler of handlers) {
      const known = this.byText.get(handler.subscription);
      if (known) share(known, handler);
      else this.add(handler);
    }
  }

  /** In the order of their first handlers. */
  [Symbol.iterator](): Iterator<Subscription<H>> {
    return this.byText.values();
  }

  /** Those that a message on `topic`, a valid Topic Name, belongs to. */
  matching(topic: string): readonly Subscription<H>[] {
    return this.tree.match(topic);
  }

  /** The others of which some topic matches both. */
  overlapping(subscription: Subscription): Subscription<H>[] {
    return this.tree.overlapping(subscription.filter, subscription as Subscription<H>);
  }

  private add(handler: H): void {
    const { subscription: text, filter, options } = handler;
    const { qos, nl, rap, rh } = options;
    const subscription = {
      text,
      filter,
      handlers: [handler],
      qos,
      nl,
      rap,
      rh,
      identifier: undefined,
      route: undefined,
    };
    this.byText.set(text, subscription);
    this.tree.add(filter, subscription);
  }
}

function share<H extends Handler>(subscription: Growing<H>, handler: H): void {
  const { qos, nl, rap, rh } = handler.options;
  if (subscription.nl !== nl || subscription.rap !== rap || subscription.rh !== rh) {
    throw new InvalidOptionsError([
      {
        option: `nl, rap, rh of "${subscription.text}"`,
        problem: 'its handlers share one subscription and disagree about them',
        remedy: 'Give all handlers of this filter the same values',
      },
    ]);
  }
  subscription.qos = Math.max(subscription.qos, qos) as QoS;
  subscription.handlers.push(handler);
}
