import { compareSpecificity } from '../../routing/specificity.js';
import type { InspectedHandler } from '../inspected-application.js';

/** A handler whose filter matches a topic. */
export interface Hit {
  readonly handler: InspectedHandler;
  /** The handler that takes the message instead; undefined if this one takes it. */
  readonly instead: InspectedHandler | undefined;
}

/**
 * The handlers whose filters match a topic, most specific first. Of a server's request handlers only the first answers; a method runs
 * once, even if several of its patterns match.
 */
export function hitsOf(topic: string, handlers: readonly InspectedHandler[]): Hit[] {
  const answering = new Map<object, InspectedHandler>();
  const running = new Map<object, InspectedHandler>();
  return handlers
    .filter(({ topics }) => topics.matches(topic))
    .toSorted((a, b) => compareSpecificity(a.topics, b.topics))
    .map((handler) => {
      const { server, kind, method } = handler;
      const instead = running.get(method) ?? (kind === 'request' ? answering.get(server) : undefined);
      if (!instead) {
        running.set(method, handler);
        if (kind === 'request') answering.set(server, handler);
      }
      return { handler, instead };
    });
}
