import { describe, expect, it, jest } from '@jest/globals';
import type { MessageProperties, PublishPacket } from '../../../../lib/protocol/application-message.js';
import { topicNameProblem } from '../../../../lib/protocol/topic-name.js';
import { StreamControl } from '../../../../lib/server/replying/stream-control.js';

const one = Buffer.from([1]);
const two = Buffer.from([2]);

function control(granted = true) {
  const subscribe = jest.fn(() => Promise.resolve(granted));
  return { streams: new StreamControl('orders/+7', subscribe), subscribe };
}

function message(properties: MessageProperties | undefined): PublishPacket {
  return { topic: 'control', payload: Buffer.alloc(0), qos: 1, retain: false, dup: false, properties };
}

const cancelOf = (correlationData: Buffer) => message({ correlationData, userProperties: { 'nest-cancel': '1' } });

describe('StreamControl', () => {
  it('has a topic of its own for every process, whatever the Client Identifier is', () => {
    const [first, second] = [control().streams.topic, control().streams.topic];
    expect(topicNameProblem(first)).toBeUndefined();
    expect(first.split('/')).toHaveLength(4 - 1);
    expect(first).not.toBe(second);
  });

  it('subscribes for the first stream, once, and announces the topic when it is granted', async () => {
    const { streams, subscribe } = control();
    expect([streams.announcedTopic, subscribe.mock.calls]).toEqual([undefined, []]);
    await Promise.all([streams.ready(), streams.ready()]);
    await streams.ready();
    expect(streams.announcedTopic).toBe(streams.topic);
    expect(subscribe.mock.calls).toEqual([[streams.topic]]);
  });

  it('announces nothing where the broker refuses', async () => {
    const { streams } = control(false);
    await streams.ready();
    expect(streams.announcedTopic).toBeUndefined();
  });

  it('cancels the stream that a message names, and no other', () => {
    const { streams } = control();
    const [cancelOne, cancelTwo] = [jest.fn(), jest.fn()];
    streams.open('inbox/a', one, cancelOne);
    streams.open('inbox/a', two, cancelTwo);
    streams.receive(cancelOf(Buffer.from([2])));
    expect([cancelOne.mock.calls.length, cancelTwo.mock.calls.length]).toEqual([0, 1]);
  });

  it.each<[string, MessageProperties | undefined]>([
    ['another stream', { correlationData: two, userProperties: { 'nest-cancel': '1' } }],
    ['no stream', { userProperties: { 'nest-cancel': '1' } }],
    ['nothing', undefined],
    ['a stream, but not to cancel it', { correlationData: one, userProperties: { other: '1' } }],
  ])('does nothing for a message that names %s', (_, properties) => {
    const { streams } = control();
    const cancel = jest.fn();
    streams.open('inbox/a', one, cancel);
    expect(() => streams.receive(message(properties))).not.toThrow();
    expect(cancel).not.toHaveBeenCalled();
  });

  it('forgets a stream when it is over, and only that one where another has its bytes by now', () => {
    const { streams } = control();
    const [earlier, later] = [jest.fn(), jest.fn()];
    const forget = streams.open('inbox/a', one, earlier);
    streams.open('inbox/a', one, later);
    forget();
    expect(streams.openStreams).toBe(1);
    streams.receive(cancelOf(one));
    expect([earlier.mock.calls.length, later.mock.calls.length]).toEqual([0, 1]);
  });
});
