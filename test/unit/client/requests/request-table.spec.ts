import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import { MessageComposer } from '../../../../lib/client/message-composer.js';
import { CorrelationData } from '../../../../lib/client/requests/correlation-data.js';
import { PlainFormat } from '../../../../lib/client/formats/plain-format.js';
import type { Request } from '../../../../lib/client/requests/request.js';
import { RequestTable } from '../../../../lib/client/requests/request-table.js';
import { resolveClientOptions } from '../../../../lib/options/client-options.js';
import type { OutgoingMessage } from '../../../../lib/protocol/application-message.js';
import type { MqttRecordOptions } from '../../../../lib/records/mqtt-record.js';
import { defaultCodec } from '../../../../lib/serialization/codecs.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.clearAllTimers();
  jest.useRealTimers();
});

/** A table whose connection and inbox are always there: what it makes of room and of keys is its own. */
class Scene {
  readonly written: OutgoingMessage[] = [];
  readonly errors: unknown[] = [];
  readonly logged: string[] = [];
  /** Called with each message that is written. */
  onWrite: (message: OutgoingMessage) => void = () => {};
  readonly table: RequestTable;

  constructor(maxPendingRequests: number) {
    const correlation = new CorrelationData();
    const format = new PlainFormat(
      new MessageComposer(resolveClientOptions(), defaultCodec),
      defaultCodec,
      correlation,
    );
    const connection = Object.assign(new EventEmitter(), {
      connected: true,
      broker: 'mqtt://near',
      options: { mqtt: {} },
    });
    const publisher = {
      send: (message: OutgoingMessage) => {
        this.written.push(message);
        this.onWrite(message);
      },
      withdraw: () => false,
    };
    const inbox = { topicFor: () => 'inbox', readerOf: () => format, use: () => {}, release: () => {} };
    const logger = { error: (message: string) => this.logged.push(message), debug: () => {}, warn: () => {} };
    this.table = new RequestTable({
      ...{ connection, publisher, inbox, logger, correlation, maxPendingRequests, formatOf: () => format },
      ...{ requestTimeoutMs: 1_000, offline: 'queue' },
    } as never);
  }

  ask(data: unknown = 0, options: MqttRecordOptions = {}): Request {
    const call = { pattern: 'sum', topic: 'sum', data, options };
    return this.table.start(call, { next: () => {}, error: (error) => this.errors.push(error), complete: () => {} });
  }

  answer({ properties }: OutgoingMessage, payload = '1'): boolean {
    const packet = { topic: 'inbox', payload: Buffer.from(payload), qos: 0, retain: false, dup: false } as const;
    return this.table.receive({ ...packet, properties: { correlationData: properties!.correlationData! } });
  }

  get awaited(): number {
    return this.table['awaited'].size;
  }

  get waiting(): number {
    return this.table['line'].size;
  }
}

const nothing = (scene: Scene) => [scene.table.size, scene.awaited, scene.waiting, jest.getTimerCount()];

describe('RequestTable', () => {
  it('finds a request by its Correlation Data, until it has ended', () => {
    const scene = new Scene(10);
    const request = scene.ask();
    expect(scene.answer(scene.written[0]!)).toBe(true);
    expect(request.ended).toBe(true);
    expect(scene.answer(scene.written[0]!)).toBe(false);
    expect(nothing(scene)).toEqual([0, 0, 0, 0]);
  });

  it('refuses Correlation Data that another request has, and does not lose that one for it', () => {
    const scene = new Scene(10);
    const correlationData = Buffer.from('mine');
    const [first, second] = [scene.ask(1, { correlationData }), scene.ask(2, { correlationData })];
    expect([first.ended, second.ended, scene.written.length]).toEqual([false, true, 1]);
    expect(String(scene.errors[0])).toContain('correlationData of the request on "sum"');
    scene.answer(scene.written[0]!);
    expect(first.ended).toBe(true);
  });

  it('lets any number of requests in that fail as they begin', () => {
    const scene = new Scene(1);
    const first = scene.ask();
    for (let i = 0; i < 20_000; i++) scene.ask(1n);
    expect(scene.waiting).toBe(20_000);
    first.complete();
    expect(scene.errors).toHaveLength(20_000);
    expect(nothing(scene)).toEqual([0, 0, 0, 0]);
  });

  it.each<[string, MqttRecordOptions]>([
    ['a listener that cannot be added', { signal: signalOf({ addEventListener: thrower }) }],
    ['a state that cannot be read', { signal: signalOf({}, true) }],
  ])('a signal with %s ends the request with its error, and nothing is left', (_, options) => {
    const scene = new Scene(1);
    try {
      scene.ask(0, options);
    } catch (error) {
      scene.errors.push(error);
    }
    expect(scene.errors).toEqual([new Error('broken signal')]);
    expect(nothing(scene)).toEqual([0, 0, 0, 0]);
  });

  it('a signal whose listener cannot be removed holds nothing up, and the log says so', () => {
    const scene = new Scene(1);
    scene.ask(0, { signal: signalOf({ removeEventListener: thrower }) });
    expect(scene.answer(scene.written[0]!)).toBe(true);
    expect(scene.logged).toEqual(['The signal of the request on "sum" threw: broken signal']);
    expect(nothing(scene)).toEqual([0, 0, 0, 0]);
  });

  it.each(['next', 'complete', 'error'] as const)(
    'an observer whose %s throws leaves nothing, and the log says so',
    (method) => {
      const scene = new Scene(1);
      const observer = { next: () => {}, error: () => {}, complete: () => {}, [method]: thrower };
      const request = scene.table.start({ pattern: 'sum', topic: 'sum', data: 0, options: {} }, observer);
      scene.ask(2); // in line
      if (method === 'error') request.fail(new Error('lost'));
      else scene.answer(scene.written[0]!);
      expect(scene.logged).toEqual(['A subscriber of the request on "sum" threw: broken signal']);
      expect(scene.written).toHaveLength(2);
      scene.answer(scene.written[1]!);
      expect(nothing(scene)).toEqual([0, 0, 0, 0]);
    },
  );

  const step = fc.oneof(
    { arbitrary: fc.constant({ do: 'come' as const }), weight: 3 },
    { arbitrary: fc.record({ do: fc.constant('end' as const), which: fc.nat() }), weight: 2 },
    { arbitrary: fc.record({ do: fc.constant('leave' as const), which: fc.nat() }), weight: 1 },
  );

  it('keeps to its bound, lets requests in in the order in which they came, and leaves no room unused', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(step, { maxLength: 80, size: 'max' }),
        fc.boolean(),
        (bound, steps, failing) => {
          const scene = new Scene(bound);
          const begun: number[] = [];
          const broken: string[] = [];
          let open: Request[] = [];
          let line: Request[] = [];
          const ids = new Map<Request, number>();
          scene.onWrite = ({ payload }) => {
            const id = Number(payload);
            begun.push(id);
            if (failing && id % 3 === 0) throw new Error('as it begins');
          };
          for (const [id, action] of steps.entries()) {
            if (action.do === 'come') ids.set(scene.ask(id), id);
            if (action.do === 'end' && open.length > 0) open[action.which % open.length]!.complete();
            if (action.do === 'leave' && line.length > 0) line[action.which % line.length]!.unsubscribe();
            const alive = [...ids.keys()].filter(({ ended }) => !ended);
            open = alive.filter((request) => begun.includes(ids.get(request)!));
            line = alive.filter((request) => !open.includes(request));
            if (scene.awaited !== open.length || scene.awaited > bound) broken.push('bound');
            if (scene.waiting !== line.length) broken.push('line');
            if (line.length > 0 && scene.awaited < bound) broken.push('room unused');
          }
          expect(broken).toEqual([]);
          expect(begun).toEqual(begun.toSorted((a, b) => a - b));
          for (const request of [...open, ...line]) request.unsubscribe();
        },
      ),
      { numRuns: 300 },
    );
  });
});

function thrower(): never {
  throw new Error('broken signal');
}

function signalOf(broken: object, unreadable = false): AbortSignal {
  const signal = {
    aborted: false,
    reason: undefined,
    addEventListener: () => {},
    removeEventListener: () => {},
    ...broken,
  };
  if (unreadable) Object.defineProperty(signal, 'aborted', { get: thrower });
  return signal as unknown as AbortSignal;
}
