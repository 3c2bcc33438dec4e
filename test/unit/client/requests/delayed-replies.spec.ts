import { describe, expect, it } from '@jest/globals';
import { DelayedReplies } from '../../../../lib/client/requests/delayed-replies.js';

type Call = readonly [acknowledgedAfter: number, repliedAfter: number];

const LATE: Call = [0, 41];

function warnings(calls: readonly Call[]): number {
  const said: string[] = [];
  const replies = new DelayedReplies('mqtt://near', { warn: (message: string) => said.push(message) });
  for (const call of calls) replies.note(...call);
  return said.filter((message) => message.includes('Nagle')).length;
}

function times(count: number, call: Call): Call[] {
  return Array.from({ length: count }, () => call);
}

describe('the 40 ms of Nagle and delayed acknowledgements', () => {
  it.each<[string, Call[], number]>([
    ['ten calls that all have them', times(10, LATE), 1],
    ['nine calls', times(9, LATE), 0],
    ['a thousand calls: said once', times(1_000, LATE), 1],
    ['with a quick call now and then', times(40, LATE).map((call, n) => (n % 4 === 3 ? ([0, 1] as const) : call)), 1],
    ['quick calls', times(1_000, [0, 1]), 0],
    ['a handler that takes 40 ms every other time', times(1_000, LATE).map((call, n) => (n % 2 ? call : [0, 1])), 0],
    ['a handler that takes longer', times(1_000, [0, 100]), 0],
    ['a broker that is far away: it acknowledges no faster', times(1_000, [40, 40]), 0],
  ])('%s', (_name, calls, expected) => expect(warnings(calls)).toBe(expected));
});
