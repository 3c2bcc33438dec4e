import type { Subscription } from '../subscription.js';
import type { Subscriptions } from '../subscriptions.js';

/** 0 is not allowed [MQTT-3.8.2.1.2]. */
const FIRST_IDENTIFIER = 1;

/**
 * Assigns to every subscription that overlaps others an identifier that differs from theirs, so that each copy of a message
 * identifies its subscription.
 */
export function assignIdentifiers(subscriptions: Subscriptions): void {
  clearIdentifiers(subscriptions);
  for (const subscription of subscriptions) {
    const overlapping = subscriptions.overlapping(subscription);
    if (overlapping.length > 0) subscription.identifier = smallestFree(overlapping);
  }
}

/** Removes the identifiers, for a broker that does not send the correct ones. */
export function clearIdentifiers(subscriptions: Subscriptions): void {
  for (const subscription of subscriptions) subscription.identifier = undefined;
}

function smallestFree(taken: readonly Subscription[]): number {
  const identifiers = new Set(taken.map(({ identifier }) => identifier));
  let identifier = FIRST_IDENTIFIER;
  while (identifiers.has(identifier)) identifier++;
  return identifier;
}
