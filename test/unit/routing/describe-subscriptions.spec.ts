import { describe, expect, it } from '@jest/globals';
import { describeHandlers } from '../../../lib/routing/describe-subscriptions.js';
import type { Subscription } from '../../../lib/routing/subscription.js';

function subscriptions(count: number): Subscription[] {
  return Array.from({ length: count }, (_, i) => {
    const handler = { pattern: `p/{${i}}`, isEventHandler: i % 2 === 0 };
    return { text: `p/${i}`, qos: 1, handlers: [handler] } as unknown as Subscription;
  });
}

describe('describeHandlers', () => {
  it('has a line for each handler', () => {
    expect(describeHandlers(subscriptions(2))).toEqual([
      'Event handler "p/{0}" is subscribed as "p/0", QoS 1',
      'Request handler "p/{1}" is subscribed as "p/1", QoS 1',
    ]);
  });

  it('has 200 lines at most, and one that says how many handlers are left out', () => {
    expect(describeHandlers(subscriptions(200))).toHaveLength(200);
    const lines = describeHandlers(subscriptions(5_000));
    expect(lines).toHaveLength(201);
    expect(lines.at(-1)).toBe('... and 4800 more; server.describe() lists all handlers');
  });
});
