import type { Subscription } from './subscription.js';

/** What a server has subscribed, in one line: how many filters, at which QoS, in which groups. */
export function describeSubscriptions(subscriptions: readonly Subscription[], broker: string): string {
  const byQos = countBy(subscriptions, ({ qos }) => qos);
  const byGroup = countBy(subscriptions, ({ filter }) => filter.group);
  const parts = [...byQos].toSorted(([a], [b]) => a - b).map(([qos, count]) => `${count} at QoS ${qos}`);
  for (const [group, count] of byGroup) if (group !== undefined) parts.push(`${count} in group "${group}"`);
  const { length } = subscriptions;
  return `Subscribed ${length} ${length === 1 ? 'filter' : 'filters'} at ${broker}: ${parts.join(', ')}`;
}

/** Handlers with a line each; thousands of lines at every start are read by nobody. */
const MAX_LINES = 200;

/** Which handler is subscribed as what, a line for each of the first 200. */
export function describeHandlers(subscriptions: readonly Subscription[]): string[] {
  const lines: string[] = [];
  let omitted = 0;
  for (const { text, qos, handlers } of subscriptions) {
    for (const { pattern, isEventHandler } of handlers) {
      if (lines.length === MAX_LINES) omitted++;
      else
        lines.push(
          `${isEventHandler ? 'Event' : 'Request'} handler "${pattern}" is subscribed as "${text}", QoS ${qos}`,
        );
    }
  }
  if (omitted > 0) lines.push(`... and ${omitted} more; server.describe() lists all handlers`);
  return lines;
}

function countBy<T, K>(values: readonly T[], keyOf: (value: T) => K): Map<K, number> {
  const counts = new Map<K, number>();
  for (const value of values) counts.set(keyOf(value), (counts.get(keyOf(value)) ?? 0) + 1);
  return counts;
}
