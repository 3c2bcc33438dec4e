import type { Handler } from '../handler.js';
import type { Route, Target } from '../subscription.js';

/**
 * The handlers that one copy of a message is for. A broker sends one copy for each matching subscription, or one for all of
 * them, and names them by their Subscription Identifiers (section 3.3.2.3.8). An identifier counts only if one of the topic's
 * subscriptions has it: others are left from an earlier process.
 */
export function targetsOfCopy<H extends Handler>(
  route: Route<H>,
  identifiers: number | readonly number[] | undefined,
): readonly Target<H>[] {
  const { targets, subscriptions } = route;
  if (identifiers === undefined || subscriptions.length < 2) return targets;
  const named = typeof identifiers === 'number' ? [identifiers] : identifiers;
  if (!subscriptions.some(({ identifier }) => named.includes(identifier!))) return targets;
  return targets.filter(({ subscription }) => named.includes(subscription.identifier!));
}
