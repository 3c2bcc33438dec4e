import { describe, expect, it, jest } from '@jest/globals';
import type { PublishPacket } from '../../../../lib/protocol/application-message.js';
import type { InternalTopics } from '../../../../lib/server/handling/message-receiver.js';
import { probeOverlap, type OverlapBehaviour } from '../../../../lib/server/session/overlap-probe.js';
import type { SubscriptionRequest } from '../../../../lib/wire/subscriptions/subscriber.js';

/** What a broker sends for one message: the identifiers of each copy, and how many milliseconds later it comes. */
type Copies = readonly { readonly identifiers: readonly number[]; readonly late?: number }[];

interface Scene {
  readonly copies?: Copies;
  readonly identifiers?: boolean;
  readonly shared?: boolean;
  readonly subscribe?: () => Promise<void>;
  readonly publish?: () => Promise<unknown>;
}

async function probe({ copies = [], identifiers = true, shared = false, ...broker }: Scene) {
  const internal: InternalTopics = new Map();
  const asked: SubscriptionRequest[] = [];
  const unsubscribed: string[] = [];
  const topics: string[] = [];
  const behaviour = await probeOverlap(
    { identifiers, shared },
    {
      clientId: 'orders/1',
      internal,
      subscribe: (requests) => {
        asked.push(...requests);
        return broker.subscribe?.() ?? Promise.resolve();
      },
      unsubscribe: (filters) => {
        unsubscribed.push(...filters);
        return Promise.reject(new Error('the connection is gone'));
      },
      publish: (topic, payload) => {
        topics.push(topic);
        if (broker.publish) return broker.publish();
        for (const { identifiers: own, late = 0 } of copies) {
          const given = own.map((place) => asked[place - 1]?.identifier ?? place);
          const subscriptionIdentifier = given.length > 1 ? given : given[0];
          const packet = { topic, payload: Buffer.from(payload), properties: { subscriptionIdentifier } };
          setTimeout(() => internal.get(topic)!(packet as unknown as PublishPacket), late);
        }
        return Promise.resolve();
      },
    },
  );
  return { behaviour, asked, unsubscribed, topics, internal };
}

describe('how a broker sends the messages of overlapping subscriptions', () => {
  it.each<[string, Scene, Partial<OverlapBehaviour>]>([
    ['one copy with all identifiers', { copies: [{ identifiers: [1, 2] }] }, { copyEach: false, identified: true }],
    ['all in another order', { copies: [{ identifiers: [2, 1] }] }, { copyEach: false, identified: true }],
    ['a copy for each', { copies: [{ identifiers: [2] }, { identifiers: [1] }] }, { copyEach: true, identified: true }],
    [
      'a copy for each, one of them from a slower queue',
      { copies: [{ identifiers: [1] }, { identifiers: [2], late: 50 }] },
      { copyEach: true, identified: true },
    ],
    [
      'a copy for each, each with all of them',
      { copies: [{ identifiers: [1, 2] }, { identifiers: [1, 2] }] },
      { copyEach: true, identified: false, seen: '[1, 2] and [1, 2]' },
    ],
    [
      'the identifier of a subscription of the session’s own, such as #, beside the right ones',
      { copies: [{ identifiers: [1, 2, 7] }] },
      { copyEach: false, identified: true },
    ],
    [
      'a copy for a subscription of the session’s own',
      { copies: [{ identifiers: [1] }, { identifiers: [7] }, { identifiers: [2] }] },
      { identified: true },
    ],
    ['one of several', { copies: [{ identifiers: [2] }] }, { copyEach: false, identified: false, seen: '[2]' }],
    ['none', { copies: [{ identifiers: [] }] }, { copyEach: false, identified: false, seen: '[]' }],
    [
      'the group’s own',
      { shared: true, copies: [{ identifiers: [1, 2] }, { identifiers: [3] }] },
      { identified: true },
    ],
    [
      'none for the group',
      { shared: true, copies: [{ identifiers: [1, 2] }, { identifiers: [] }] },
      { identified: false, seen: '[1, 2] and []' },
    ],
    ['3.1.1, one copy', { identifiers: false, copies: [{ identifiers: [] }] }, { copyEach: false }],
    [
      '3.1.1, a copy for each',
      { identifiers: false, copies: [{ identifiers: [] }, { identifiers: [] }] },
      { copyEach: true },
    ],
  ])('%s', async (_name, scene, due) => {
    const { behaviour, asked, unsubscribed } = await probe(scene);
    expect(behaviour).toMatchObject(due);
    expect(unsubscribed).toEqual(asked.map(({ filter }) => filter));
    expect(asked.map(({ identifier }) => identifier)).toEqual(
      asked.map((_, place) => (scene.identifiers === false ? undefined : 1_000_001 + place)),
    );
  });

  it.each<[string, Scene]>([
    ['the subscriptions are refused', { subscribe: () => Promise.reject(new Error('0x87')) }],
    ['the publish is refused', { publish: () => Promise.reject(new Error('0x87')) }],
  ])('cannot be found out where %s', async (_name, scene) => {
    expect((await probe(scene)).behaviour).toBeUndefined();
  });

  it('cannot be found out where nothing comes back, within 2 s', async () => {
    jest.useFakeTimers();
    try {
      const answer = probe({ publish: () => Promise.resolve() });
      await jest.advanceTimersByTimeAsync(2_000);
      expect((await answer).behaviour).toBeUndefined();
    } finally {
      jest.useRealTimers();
    }
  });

  it('is tried on a topic of this process alone, and copies that are late are nobody’s', async () => {
    const { topics, internal } = await probe({ copies: [{ identifiers: [1, 2] }] });
    const [topic] = topics;
    expect(topic).toMatch(/^probe\/orders_1\/[0-9a-f]{16}\/counted$/);
    expect(new Set(topics).size).toBe(1);
    expect(() => internal.get(topic!)!({} as PublishPacket)).not.toThrow();
  });
});
