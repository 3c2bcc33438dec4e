import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { replyOf, type MqttReply } from '../../../../lib/client/requests/mqtt-reply.js';
import { deliverReply } from '../../../../lib/client/formats/plain-reply.js';
import { Request } from '../../../../lib/client/requests/request.js';
import { PayloadDecodeError } from '../../../../lib/errors/payload-decode.error.js';
import { RemoteError } from '../../../../lib/errors/remote.error.js';
import { StreamGapError } from '../../../../lib/errors/stream-gap.error.js';
import type { MessageProperties } from '../../../../lib/protocol/application-message.js';
import { defaultCodec } from '../../../../lib/serialization/codecs.js';

const PACKET = { topic: 'inbox', payload: Buffer.alloc(0), qos: 0, retain: false, dup: false } as const;

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
  readonly timeouts: Request[] = [];
  readonly ends: Request[] = [];
  readonly thrown: unknown[] = [];
  readonly request = new Request(
    { pattern: 'sum', topic: 'sum', data: 1, options: {} },
    500,
    {
      next: (data, packet) => {
        this.replies.push(replyOf(data, packet));
        this.told.push(data);
      },
      error: (error) => {
        this.error = error;
        this.told.push('failed');
      },
      complete: () => this.told.push('complete'),
    },
    {
      timedOut: (late) => this.timeouts.push(late),
      ended: (ended) => this.ends.push(ended),
      observerThrew: (_request, error) => this.thrown.push(error),
    },
  );

  reply(payload: string | Buffer, properties?: MessageProperties): this {
    const bytes = Buffer.from(payload as string);
    const packet = { topic: 'inbox', payload: bytes, qos: 1 as const, retain: false, dup: false, properties };
    deliverReply(this.request, packet, defaultCodec);
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
    expect(caller.request.streams).toMatchObject([{ controlTopic: 'control/first' }]);
  });
});

describe('Request', () => {
  it.each<[string, (request: Request) => void, unknown[]]>([
    ['single', (r) => r.single(1, PACKET), [1, 'complete']],
    ['complete', (r) => r.complete(), ['complete']],
    ['fail', (r) => r.fail(new Error('x')), ['failed']],
    ['unsubscribe', (r) => r.unsubscribe(), []],
  ])('ends once, by %s, whatever comes afterwards', (_, end, expected) => {
    const caller = new Caller();
    for (let i = 0; i < 2; i++) end(caller.request);
    caller.request.next(2, PACKET);
    caller.request.fail(new Error('late'));
    caller.request.complete();
    caller.request.single(3, PACKET);
    caller.request.unsubscribe();
    expect(jest.getTimerCount()).toBe(0); // nothing keeps the process, or the caller, any longer
    jest.advanceTimersByTime(10_000);
    expect(caller.told).toEqual(expected);
    expect([caller.ends, caller.timeouts, caller.thrown]).toEqual([[caller.request], [], []]);
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
