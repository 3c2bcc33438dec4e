import { describe, expect, it, jest } from '@jest/globals';
import { Inbox } from '../../../../lib/client/requests/inbox.js';
import { topicNameProblem } from '../../../../lib/protocol/topic-name.js';

function inboxOf({ clientId = 'me', prefix = undefined as string | undefined } = {}) {
  const granted = new Set<string>();
  const unsubscribed: string[] = [];
  const subscribe = jest.fn((topic: string) => Promise.resolve(void granted.add(topic)));
  const inbox = new Inbox<string>({
    clientId,
    prefix: () => prefix,
    subscribe,
    unsubscribe: (topic) => void unsubscribed.push(topic),
    isGranted: (topic) => granted.has(topic),
  });
  return { inbox, subscribe, granted, unsubscribed };
}

const READER = 'reader';

describe('Inbox', () => {
  it.each([
    [undefined, 'me', /^reply\/me\/[0-9a-f]{16}$/],
    ['', 'me', /^reply\/me\//],
    ['answers', 'me', /^answers\/me\//],
    ['answers/', 'me', /^answers\/me\//],
    ['a/b', 'plant/7+#$', /^a\/b\/plant_7___\//],
  ])('has a topic below %j for the client %j', async (prefix, clientId, expected) => {
    const topic = await inboxOf({ prefix, clientId }).inbox.open(undefined, READER);
    expect(topic).toMatch(expected);
    expect(topicNameProblem(topic)).toBeUndefined();
  });

  it('subscribes once, before the first request, however many come at once', async () => {
    const { inbox, subscribe } = inboxOf();
    expect(inbox.topicFor(undefined)).toBeUndefined();
    const topics = await Promise.all([1, 2, 3].map(() => inbox.open(undefined, READER)));
    expect(new Set(topics).size).toBe(1);
    expect(subscribe).toHaveBeenCalledTimes(1);
    expect(inbox.readerOf(topics[0]!)).toBe(READER);
    expect(inbox.topicFor(undefined)).toBe(topics[0]);
  });

  it('knows who reads replies before it subscribes: a retained one may come at once', async () => {
    const { inbox, subscribe } = inboxOf();
    const readers: unknown[] = [];
    subscribe.mockImplementation((topic) => Promise.resolve(void readers.push(inbox.readerOf(topic))));
    await inbox.open('named', READER);
    expect(readers).toEqual([READER]);
  });

  it('subscribes again when the session was lost, with the same topic', async () => {
    const { inbox, subscribe, granted } = inboxOf();
    const topic = await inbox.open(undefined, READER);
    granted.clear();
    expect(inbox.topicFor(undefined)).toBeUndefined();
    expect(await inbox.open(undefined, READER)).toBe(topic);
    expect(subscribe).toHaveBeenCalledTimes(2);
  });

  it('tells every caller that the broker refuses, and tries again for the next', async () => {
    const { inbox, subscribe } = inboxOf();
    subscribe.mockRejectedValueOnce(new Error('refused'));
    const results = await Promise.allSettled([inbox.open(undefined, READER), inbox.open(undefined, READER)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(inbox.open(undefined, READER)).resolves.toMatch(/^reply/);
  });

  it('gives up named topics that nobody has used for long, the one left longest ago first, and never its own', async () => {
    const { inbox, unsubscribed } = inboxOf();
    await inbox.open(undefined, READER);
    const named = Array.from({ length: 103 }, (_, i) => `named/${i}`);
    for (const topic of named) {
      inbox.use(topic);
      await inbox.open(topic, READER);
    }
    inbox.use('named/0');
    for (const topic of named) inbox.release(topic);
    expect(unsubscribed).toEqual(['named/1', 'named/2']); // named/0 is still in use
    expect(inbox.topicFor('named/1')).toBeUndefined();
    expect(inbox.readerOf('named/1')).toBeUndefined();
    expect(inbox.topicFor('named/0')).toBe('named/0');
    inbox.use('named/3'); // used again: it is the latest now
    inbox.release('named/3');
    inbox.release('named/0');
    expect(unsubscribed).toEqual(['named/1', 'named/2', 'named/4']);
    expect(inbox.topicFor(undefined)).toMatch(/^reply/);
  });
});
