import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import { PendingRequest } from '../../../lib/client/pending-request.js';
import { correlationKey, PendingRequests } from '../../../lib/client/pending-requests.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.clearAllTimers();
  jest.useRealTimers();
});

function requestOf(pending: PendingRequests): PendingRequest {
  const observer = { next: () => {}, error: () => {}, complete: () => {} };
  return new PendingRequest('sum', 1_000, observer, { timedOut: () => {}, ended: (request) => pending.close(request) });
}

describe('PendingRequests', () => {
  it('finds a request by its key, until it has ended', () => {
    const pending = new PendingRequests(10);
    const request = requestOf(pending);
    expect(pending.open('key', request)).toBe(true);
    expect(pending.find('key')).toBe(request);
    expect(pending.find('other')).toBeUndefined();
    request.complete();
    expect([pending.find('key'), pending.size]).toEqual([undefined, 0]);
  });

  it('refuses a key that another request has, and does not lose that one for it', () => {
    const pending = new PendingRequests(10);
    const [first, second] = [requestOf(pending), requestOf(pending)];
    pending.open('key', first);
    expect(pending.open('key', second)).toBe(false);
    second.fail(new Error('duplicate'));
    expect(pending.find('key')).toBe(first);
  });

  it('makes 16 bytes of Correlation Data that it has not made before, and that text keeps as they are', () => {
    const pending = new PendingRequests(10);
    const made = Array.from({ length: 5_000 }, () => pending.newCorrelationData());
    expect(new Set(made.map(correlationKey)).size).toBe(5_000);
    expect(made.filter((data) => data.length !== 16)).toEqual([]);
    expect(made.filter((data) => !Buffer.from(data.toString('utf8')).equals(data))).toEqual([]);
    expect(new PendingRequests(1).newCorrelationData().equals(made[0]!)).toBe(false);
  });

  it('tells any bytes apart', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        const [first, second] = [Buffer.from(a), Buffer.from(b)];
        expect(correlationKey(first) === correlationKey(second)).toBe(first.equals(second));
      }),
    );
  });

  it('lets any number of requests in that fail as they begin', () => {
    const pending = new PendingRequests(1);
    const first = requestOf(pending);
    pending.open('first', first);
    let begun = 0;
    for (let i = 0; i < 20_000; i++) {
      const request = requestOf(pending);
      pending.wait(request, () => {
        begun++;
        request.fail(new Error('as it begins'));
      });
    }
    first.complete();
    expect([begun, pending.waiting, pending.size]).toEqual([20_000, 0, 0]);
  });

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
          const pending = new PendingRequests(bound);
          const begun: number[] = [];
          const open: PendingRequest[] = [];
          let line: { id: number; request: PendingRequest }[] = [];
          const broken: string[] = [];
          const begin = (id: number, request: PendingRequest) => {
            begun.push(id);
            line = line.filter((place) => place.id !== id);
            if (failing && id % 3 === 0) request.fail(new Error('as it begins'));
            else if (pending.open(`${id}`, request)) open.push(request);
          };
          for (const [id, action] of steps.entries()) {
            if (action.do === 'come') {
              const request = requestOf(pending);
              if (pending.hasRoom) begin(id, request);
              else {
                line.push({ id, request });
                pending.wait(request, () => begin(id, request));
              }
            }
            if (action.do === 'end' && open.length > 0) open.splice(action.which % open.length, 1)[0]!.complete();
            if (action.do === 'leave' && line.length > 0)
              line.splice(action.which % line.length, 1)[0]!.request.abandon();
            if (pending.size !== open.length || pending.size > bound) broken.push('bound');
            if (pending.waiting !== line.length) broken.push('line');
            if (line.length > 0 && pending.size < bound) broken.push('room unused');
            if (line.some(({ request }) => !pending.isWaiting(request))) broken.push('isWaiting');
          }
          expect(broken).toEqual([]);
          expect(begun).toEqual(begun.toSorted((a, b) => a - b));
        },
      ),
      { numRuns: 300 },
    );
  });
});
