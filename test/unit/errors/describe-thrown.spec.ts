import { describe, expect, it } from '@jest/globals';
import { describeFailure, describeThrown } from '../../../lib/errors/describe-thrown.js';

const HOSTILE = {
  get message(): string {
    throw new Error('a getter that throws');
  },
  toString(): string {
    throw new Error('toString() that throws');
  },
};
const OPAQUE = new Proxy(
  {},
  {
    has: () => {
      throw new Error('no');
    },
    get: () => {
      throw new Error('no');
    },
  },
);

describe.each<[string, unknown, string, string]>([
  ['an Error', new TypeError('boom'), 'boom', 'boom'],
  ['an Error without a message', new TypeError(''), 'TypeError', ''],
  ['an object with a message, as RpcException gives', { status: 'error', message: 'no' }, 'no', 'no'],
  ['a string', 'boom', 'boom', 'boom'],
  ['a number', 7, '7', 'the handler failed'],
  ['nothing', undefined, 'undefined', 'the handler failed'],
  ['an object whose message is none', { message: 7 }, '[object Object]', 'the handler failed'],
  ['an error whose getters throw', HOSTILE, 'an error that cannot be shown', 'the handler failed'],
  ['a Proxy that refuses every question', OPAQUE, 'an error that cannot be shown', 'the handler failed'],
])('what was thrown: %s', (_, thrown, inTheLog, forCallers) => {
  it('in the log', () => expect(describeThrown(thrown)).toBe(inTheLog));

  it('for callers', () => expect(describeFailure(thrown)).toBe(forCallers));
});
