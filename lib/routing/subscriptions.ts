import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import type { QoS } from '../protocol/application-message.js';
import type { Handler } from './handler.js';
import type { Subscription } from './subscription.js';
import { TopicFilterTree } from './topic-filter-tree.js';

/** A subscription while its handlers are collected. */
type Growing<H extends Handler> = Subscription<H> & { readonly handlers: H[] };

/**
 * The subscriptions of a server: one for each filter, shared by its handlers. One tree serves to route messages and to find
 * overlapping filters.
 */
export class Subscriptions<H extends Handler = Handler> {
  private readonly byText = new Map<string, Growing<H>>();
  private readonly tree = new TopicFilterTree<Subscription<H>>();

  /** @throws InvalidOptionsError when handlers of one filter have different options for it */
  constructor(handlers: Iterable<H>) {
    for (const handler of handlers) {
      const known = this.byText.get(handler.subscription);
      if (known) share(known, handler);
      else this.add(handler);
    }
  }

  /** All subscriptions, in the order of their first handlers. */
  [Symbol.iterator](): Iterator<Subscription<H>> {
    return this.byText.values();
  }

  /** The subscriptions that match `topic`, a valid Topic Name. */
  matching(topic: string): readonly Subscription<H>[] {
    return this.tree.match(topic);
  }

  /** The other subscriptions that overlap this one. */
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
        problem: 'its handlers share one subscription, but set different values',
        remedy: 'Give all handlers of this filter the same values',
      },
    ]);
  }
  subscription.qos = Math.max(subscription.qos, qos) as QoS;
  subscription.handlers.push(handler);
}
