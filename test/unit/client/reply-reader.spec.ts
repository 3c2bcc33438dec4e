import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { MqttReply } from '../../../lib/client/mqtt-reply.js';
import { PendingRequest } from '../../../lib/client/pending-request.js';
import { deliverReply } from '../../../lib/client/reply-reader.js';
import { PayloadDecodeError } from '../../../lib/errors/payload-decode.error.js';
import { RemoteError } from '../../../lib/errors/remote.error.js';
import { StreamGapError } from '../../../lib/errors/stream-gap.error.js';
import type { MessageProperties } from '../../../lib/protocol/application-message.js';
import { defaultCodec } from '../../../lib/serialization/codecs.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

class Caller {
  readonly told: unknown[] = [];
  readonly replies: MqttReply[] = [];
  error: unknown;
  readonly timeouts: PendingRequest[] = [];
  readonly ends: PendingRequest[] = [];
  readonly request = new PendingRequest(
    'sum',
    500,
    {
      next: (reply) => {
        this.replies.push(reply);
        this.told.push(reply.data);
      },
      error: (error) => {
        this.error = error;
        this.told.push('failed');
      },
      complete: () => this.told.push('complete'),
    },
    { timedOut: (late) => this.timeouts.push(late), ended: (ended) => this.ends.push(ended) },
  );

  reply(payload: string | Buffer, properties?: MessageProperties): this {
    const bytes = Buffer.from(payload as string);
    const packet = { topic: 'inbox', payload: bytes, qos: 1 as const, retain: false, dup: false, properties };
    deliverReply(this.request, 'inbox', bytes, packet, defaultCodec);
    return this;
  }

  value(payload: string, mark: string, more: Record<string, string> = {}): this {
    return this.reply(payload, { userProperties: { 'nest-stream': mark, ...more } });
  }
}

describe('deliverReply', () => {
  it('takes an unmarked reply for the one and only value, with all that came with it', () => {
    const properties = {
      contentType: 'application/json',
      correlationData: Buffer.from('c'),
      userProperties: { site: '7' },
    };
    const caller = new Caller().reply('{"a":1}', properties);
    expect(caller.told).toEqual([{ a: 1 }, 'complete']);
    expect(caller.replies[0]).toMatchObject({ topic: 'inbox', packet: { qos: 1 }, ...properties });
    expect(new Caller().reply('21').replies[0]).toMatchObject({ data: 21, userProperties: {}, contentType: undefined });
  });

  it.each<[string, (caller: Caller) => unknown, unknown[]]>([
    ['a stream', (c) => c.value('"a"', '0').value('"b"', '1').value('"c"', '2;last'), ['a', 'b', 'c', 'complete']],
    ['a stream with an end of its own', (c) => c.value('1', '0').value('', '1;end'), [1, 'complete']],
    ['a stream of one', (c) => c.value('1', '0;last'), [1, 'complete']],
    ['a stream of none', (c) => c.value('', '0;end'), ['complete']],
    [
      'duplicates',
      (c) => c.value('1', '0').value('1', '0').value('2', '1').value('1', '0').value('2', '1;last').value('', '2;end'),
      [1, 2, 'complete'],
    ],
    ['a gap', (c) => c.value('1', '0').value('3', '2'), [1, 'failed']],
    ['a gap before the end', (c) => c.value('1', '0').value('', '2;end'), [1, 'failed']],
    ['a gap at the beginning', (c) => c.value('2', '1;last'), ['failed']],
    ['values after the end', (c) => c.value('1', '0;last').value('2', '1'), [1, 'complete']],
    [
      'an error after values',
      (c) => c.value('1', '0').reply('"x"', { userProperties: { 'nest-error': 'rpc' } }),
      [1, 'failed'],
    ],
    ['a mark that is none', (c) => c.value('1', 'x'), [1, 'complete']],
    ['a value that cannot be decoded', (c) => c.reply('{', { contentType: 'application/json' }), ['failed']],
  ])('reads %s', (_, answer, expected) => {
    const caller = new Caller();
    answer(caller);
    expect(caller.told).toEqual(expected);
  });

  it('names what is missing, and what cannot be decoded', () => {
    const gap = new Caller().value('1', '1').error as Error;
    expect(gap).toBeInstanceOf(StreamGapError);
    expect(gap.message).toMatch(/Value 0 .* to "sum" was lost \(value 1 came instead\)/);
    expect(new Caller().reply('{', { contentType: 'application/json' }).error).toBeInstanceOf(PayloadDecodeError);
  });

  it.each<[string, string, unknown]>([
    ['rpc', '{"status":"error","message":"sold out"}', { status: 'error', message: 'sold out' }],
    ['internal', '"masked"', 'masked'],
    ['a-code-of-a-newer-peer', '{"details":[1]}', { details: [1] }],
    ['rpc', 'no json', 'no json'],
    ['rpc', '', ''],
  ])('keeps code %s and error object %s', (code, payload, data) => {
    const { error } = new Caller().reply(payload, { userProperties: { 'nest-error': code, other: 'x' } });
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({ code, data, topic: 'sum', isRemote: true });
  });

  it('learns from the first value of a stream where to cancel it', () => {
    const caller = new Caller().value('1', '0', { 'nest-control': 'control/first' });
    caller.value('2', '1', { 'nest-control': 'control/second' });
    expect(caller.request.controlTopic).toBe('control/first');
  });
});

describe('PendingRequest', () => {
  it.each<[string, (request: PendingRequest) => void, unknown[]]>([
    ['single', (r) => r.single({ data: 1 } as MqttReply), [1, 'complete']],
    ['complete', (r) => r.complete(), ['complete']],
    ['fail', (r) => r.fail(new Error('x')), ['failed']],
    ['abandon', (r) => r.abandon(), []],
  ])('ends once, by %s, whatever comes afterwards', (_, end, expected) => {
    const caller = new Caller();
    const called: string[] = [];
    caller.request.onEnd(() => called.push('first'));
    caller.request.onEnd(() => called.push('second'));
    for (let i = 0; i < 2; i++) end(caller.request);
    caller.request.next({ data: 2 } as MqttReply);
    caller.request.fail(new Error('late'));
    caller.request.complete();
    caller.request.single({ data: 3 } as MqttReply);
    caller.request.abandon();
    expect(jest.getTimerCount()).toBe(0); // nothing keeps the process, or the caller, any longer
    jest.advanceTimersByTime(10_000);
    expect(caller.told).toEqual(expected);
    expect([called, caller.ends, caller.timeouts]).toEqual([['first', 'second'], [caller.request], []]);
  });

  it('is told of its deadline, once, which runs from the start', () => {
    const caller = new Caller();
    expect(caller.request.deadline).toBe(Date.now() + 500);
    jest.advanceTimersByTime(499);
    expect(caller.timeouts).toEqual([]);
    jest.advanceTimersByTime(10_000);
    expect(caller.timeouts).toEqual([caller.request]);
  });
});
