import { describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import * as fc from 'fast-check';
import type { OutgoingMessage } from '../../../../lib/protocol/application-message.js';
import type { StreamPosition } from '../../../../lib/serialization/wire-contract.js';
import { answer, type AnsweredRequest } from '../../../../lib/server/replying/answer.js';
import type { ReplyFormat } from '../../../../lib/server/replying/reply-format.js';
import { ReplyStream } from '../../../../lib/server/replying/reply-stream.js';
import { requestOf } from '../support/requests.js';

const UNENCODABLE = Symbol('unencodable');

interface Given {
  expired?: boolean;
  prepare?: Promise<void>;
}

/** A stream whose messages say what they are, and are settled when the test says so. */
class Bench {
  readonly sent: string[] = [];
  readonly done = jest.fn();
  readonly logged: string[] = [];
  readonly stream: ReplyStream;
  readonly request: AnsweredRequest;
  private readonly unsettled: ((error: Error | undefined) => void)[] = [];

  constructor({ expired = false, prepare }: Given = {}) {
    const message = (text: string): OutgoingMessage | undefined =>
      expired ? undefined : { topic: 'reply', payload: text, qos: 1, retain: false };
    const encoded = (value: unknown, mark: string) => {
      if (value === UNENCODABLE) throw new TypeError('a symbol has no JSON');
      return message(`${String(value)}${mark}`);
    };
    const format: ReplyFormat = {
      single: (_, value) => encoded(value, ''),
      item: (_, value, { index, end }: StreamPosition) =>
        encoded(value, ` at ${index}${end === 'last' ? ' last' : ''}`),
      end: (_, count) => message(`end after ${count}`),
      failure: (_, code, error) => message(`${code}: ${(error as Error).message ?? (error as string)}`),
    };
    const logger = new Logger();
    jest.spyOn(logger, 'error').mockImplementation((text: string) => void this.logged.push(text));
    const send: AnsweredRequest['host']['send'] = (sent, settled) => {
      this.sent.push(sent.payload.toString());
      this.unsettled.push(settled);
      return true;
    };
    this.request = {
      message: requestOf({ topic: 'request' }),
      replyTopic: 'reply',
      envelopeId: undefined,
      format,
      host: { send, logger },
      replied: this.done,
      answered: () => {},
    };
    this.stream = new ReplyStream(this.request, prepare && { ready: () => prepare, announcedTopic: undefined });
  }

  /** As the broker acknowledges, or refuses, the oldest or any other message. */
  settle(which = 0, error?: Error): void {
    const [settled] = this.unsettled.splice(which % Math.max(1, this.unsettled.length), 1);
    settled?.(error);
  }

  async settleAll(): Promise<void> {
    await turn();
    while (this.unsettled.length > 0) this.settle();
    await turn();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('ReplyStream', () => {
  it.each<[string, (stream: ReplyStream, request: AnsweredRequest) => unknown, string[]]>([
    ['a value', (_, request) => answer(request, 'a'), ['a']],
    ['no value', (_, request) => answer(request, undefined), ['undefined']],
    ['of(x)', (r) => (r.next('a'), r.complete()), ['a']],
    ['of(a, b, c)', (r) => (r.next('a'), r.next('b'), r.next('c'), r.complete()), ['a at 0', 'b at 1', 'c at 2 last']],
    ['EMPTY', (r) => r.complete(), ['undefined']],
    ['an error', (r) => r.fail(new Error('sold out')), ['rpc: sold out']],
    [
      'a masked error',
      (r) => r.fail({ status: 'error', message: 'Internal server error' }),
      ['internal: Internal server error'],
    ],
    ['an error with a code', (r) => r.fail('late', 'timeout'), ['timeout: late']],
    ['values and an error', (r) => (r.next('a'), r.next('b'), r.fail(new Error('x'))), ['a at 0', 'b at 1', 'rpc: x']],
    ['what comes after the end', (r) => (r.next('a'), r.complete(), r.next('b'), r.fail('x'), r.complete()), ['a']],
    ['a value that has no JSON', (_, request) => answer(request, UNENCODABLE), ['internal: Internal server error']],
    [
      'nothing after a failure',
      (r) => (r.next('a'), r.next(UNENCODABLE), r.next('b'), r.complete()),
      ['a at 0', 'internal: Internal server error'],
    ],
    ['nothing once it is abandoned', (r) => (r.next('a'), r.complete(), r.abandon()), []],
  ])('answers %s', async (_, act, expected) => {
    const bench = new Bench();
    act(bench.stream, bench.request);
    await turn();
    expect(bench.sent).toEqual(expected);
    expect(bench.done).toHaveBeenCalledTimes(expected.length === 0 ? 1 : 0);
    await bench.settleAll();
    expect(bench.done).toHaveBeenCalledTimes(1);
  });

  it('sends a stream value by value as it comes, and ends it by a message of its own', async () => {
    const bench = new Bench();
    for (const value of ['a', 'b']) {
      bench.stream.next(value);
      await turn();
    }
    expect(bench.sent).toEqual(['a at 0', 'b at 1']);
    expect(bench.stream.hasReplied).toBe(true);
    bench.stream.complete();
    await bench.settleAll();
    expect(bench.sent).toEqual(['a at 0', 'b at 1', 'end after 2']);
    expect(bench.done).toHaveBeenCalledTimes(1);
  });

  it('sends nothing of a failed stream after the failure, however long the handler goes on', async () => {
    const bench = new Bench();
    for (const value of ['a', UNENCODABLE, 'b', 'c']) {
      bench.stream.next(value);
      await turn();
    }
    bench.stream.complete();
    await bench.settleAll();
    expect(bench.sent).toEqual(['a at 0', 'internal: Internal server error']);
    expect(bench.done).toHaveBeenCalledTimes(1);
    expect(bench.logged).toEqual(['The reply to a request on "request" cannot be encoded: a symbol has no JSON']);
  });

  it('sends nothing to a request that has expired, and is done', async () => {
    const bench = new Bench({ expired: true });
    bench.stream.next('a');
    bench.stream.next('b');
    bench.stream.complete();
    await turn();
    expect(bench.sent).toEqual([]);
    expect(bench.done).toHaveBeenCalledTimes(1);
    const single = new Bench({ expired: true });
    answer(single.request, 'a');
    expect(single.done).toHaveBeenCalledTimes(1);
  });

  it('holds a stream that goes on until it can be cancelled, and no other reply', async () => {
    let ready: (() => void) | undefined;
    const prepare = new Promise<void>((resolve) => (ready = resolve));
    const [stream, short, late] = [new Bench({ prepare }), new Bench({ prepare }), new Bench({ prepare })];
    stream.stream.next('a');
    short.stream.next('a');
    short.stream.complete();
    late.stream.next('a');
    await turn();
    stream.stream.next('b');
    late.stream.complete();
    await turn();
    expect([stream.sent, short.sent, late.sent]).toEqual([[], ['a'], []]);
    ready!();
    await turn();
    expect([stream.sent, late.sent]).toEqual([['a at 0', 'b at 1'], ['a']]);
  });

  it('is done although a reply was refused, and says so', async () => {
    const bench = new Bench();
    answer(bench.request, 'a');
    bench.settle(0, new Error('not authorized'));
    expect(bench.done).toHaveBeenCalledTimes(1);
    expect(bench.logged).toEqual(['The reply to a request on "request" was not sent: not authorized']);
  });

  it('knows whether a reply is out, so that its handler must not run again', async () => {
    const bench = new Bench();
    expect(bench.stream.hasReplied).toBe(false);
    bench.stream.next('a');
    expect(bench.stream.hasReplied).toBe(true);
  });

  const step = fc.oneof(
    { arbitrary: fc.constant({ do: 'next' as const }), weight: 4 },
    { arbitrary: fc.constant({ do: 'unencodable' as const }), weight: 1 },
    { arbitrary: fc.constant({ do: 'turn' as const }), weight: 3 },
    { arbitrary: fc.record({ do: fc.constant('settle' as const), which: fc.nat() }), weight: 3 },
    {
      arbitrary: fc.constantFrom({ do: 'complete' as const }, { do: 'fail' as const }, { do: 'abandon' as const }),
      weight: 1,
    },
  );

  it('is done exactly once, when the last reply is settled, in whatever order everything happens', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25, size: 'max' }),
        fc.boolean(),
        fc.boolean(),
        async (steps, expired, prepared) => {
          const bench = new Bench({ expired, ...(prepared ? { prepare: turn() } : {}) });
          const { stream } = bench;
          let values = 0;
          for (const action of steps) {
            if (action.do === 'next') stream.next(`v${values++}`);
            if (action.do === 'unencodable') stream.next(UNENCODABLE);
            if (action.do === 'complete') stream.complete();
            if (action.do === 'fail') stream.fail(new Error('x'));
            if (action.do === 'abandon') stream.abandon();
            if (action.do === 'settle') bench.settle(action.which);
            if (action.do === 'turn') await turn();
          }
          stream.complete();
          await bench.settleAll();
          await bench.settleAll(); // what was held until the stream could be cancelled
          expect(bench.done).toHaveBeenCalledTimes(1);
          // values arrive in order, without a gap, and nothing follows the end
          const positions = bench.sent.flatMap((text) => / at (\d+)/.exec(text)?.[1] ?? []);
          expect(positions).toEqual([...positions.keys()].map(String));
          const ends = bench.sent.flatMap((text, i) => (/ at \d+$/.test(text) ? [] : [i]));
          expect(ends.filter((i) => i < bench.sent.length - 1)).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  });
});
