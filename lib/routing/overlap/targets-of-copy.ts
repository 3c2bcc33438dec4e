import type { Handler } from '../handler.js';
import type { Route, Target } from '../subscription.js';

/**
 * The handlers of one copy of a message. A broker sends one copy for each matching subscription, or one for all of them, with their
 * Subscription Identifiers (section 3.3.2.3.8). Identifiers that no matching subscription has are ignored: they belong to subscriptions
 * of an earlier process.
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
