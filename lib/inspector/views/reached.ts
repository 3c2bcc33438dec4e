import { compareSpecificity } from '../../routing/specificity.js';
import type { InspectedHandler } from '../inspected-application.js';

/** A handler whose filter matches a topic. */
export interface Hit {
  readonly handler: InspectedHandler;
  /** The handler that takes the message instead; undefined where this one takes it. */
  readonly instead: InspectedHandler | undefined;
}

/**
 * The handlers whose filters match a topic, the most specific ones first: of those of requests only the first one of a server answers,
 * and a method runs once, whatever number of its patterns match.
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
