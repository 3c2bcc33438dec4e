import type { Subscription } from './subscription.js';

/** One log line about the subscriptions of a server: number of filters, by QoS and group. */
export function describeSubscriptions(subscriptions: readonly Subscription[], broker: string): string {
  const byQos = countBy(subscriptions, ({ qos }) => qos);
  const byGroup = countBy(subscriptions, ({ filter }) => filter.group);
  const parts = [...byQos].toSorted(([a], [b]) => a - b).map(([qos, count]) => `${count} at QoS ${qos}`);
  for (const [group, count] of byGroup) if (group !== undefined) parts.push(`${count} in group "${group}"`);
  const { length } = subscriptions;
  return `Subscribed ${length} ${length === 1 ? 'filter' : 'filters'} at ${broker}: ${parts.join(', ')}`;
}

/** Maximum number of log lines: a longer list would flood the log at every start. */
const MAX_LINES = 200;

/** One log line for each handler, with its filter; for the first 200. */
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
