import { describe, expect, it } from '@jest/globals';
import type { OutgoingMessage } from '../../../../lib/protocol/application-message.js';
import { KeptReplies } from '../../../../lib/server/deduplication/kept-replies.js';

const reply = (topic: string, payload: string): OutgoingMessage => ({ topic, payload, qos: 0, retain: false });

describe('KeptReplies', () => {
  it('keeps what goes to the caller, and sends everything', () => {
    const sent: string[] = [];
    const kept = new KeptReplies('answers');
    const send = kept.keeping(({ topic }) => sent.push(topic) > 0);
    for (const topic of ['answers', 'dead', 'answers']) send(reply(topic, topic), () => {});
    expect(sent).toEqual(['answers', 'dead', 'answers']);
    expect(kept.all).toEqual([reply('answers', 'answers'), reply('answers', 'answers')]);
  });

  it.each([
    ['10,000 replies', 10_000, ''],
    ['4 MiB', 4, 'x'.repeat(1_048_576)],
  ])('keeps nothing of a stream of more than %s', (_what, count, payload) => {
    const kept = new KeptReplies('answers');
    const send = kept.keeping(() => true);
    for (let i = 0; i < count; i++) send(reply('answers', payload), () => {});
    expect(kept.all).toHaveLength(count);
    for (let i = 0; i < 2; i++) send(reply('answers', 'one more'), () => {});
    expect(kept.all).toEqual([]);
  });
});
