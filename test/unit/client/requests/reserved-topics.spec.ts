import { describe, expect, it } from '@jest/globals';
import { ReservedTopics } from '../../../../lib/client/requests/reserved-topics.js';

describe('ReservedTopics', () => {
  it('lets one at a time have a topic, in the order in which they came, whoever leaves in between', async () => {
    const topics = new ReservedTopics<string>();
    const had: string[] = [];
    for (const member of ['a', 'b', 'c', 'd']) void topics.take('topic', member).then(() => had.push(member));
    await Promise.resolve();
    expect(had).toEqual(['a']);
    expect(['a', 'b', 'e'].map((member) => topics.isWaiting('topic', member))).toEqual([false, true, false]);
    topics.leave('topic', 'b'); // while it waits
    topics.leave('topic', 'a');
    await Promise.resolve();
    expect(had).toEqual(['a', 'c']);
    topics.leave('topic', 'nobody');
    topics.leave('topic', 'c');
    await Promise.resolve();
    expect(had).toEqual(['a', 'c', 'd']);
    topics.leave('topic', 'd');
    expect(topics.size).toBe(0);
    await topics.take('topic', 'e');
  });

  it('keeps topics apart', async () => {
    const topics = new ReservedTopics<string>();
    await topics.take('one', 'a');
    await expect(topics.take('two', 'a')).resolves.toBeUndefined();
  });
});
