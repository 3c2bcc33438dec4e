import { describe, expect, it } from '@jest/globals';
import { errorCodeOf, errorToJson, isMasked, nestError } from '../../../lib/serialization/error-object.js';

class OrderError extends Error {
  override name = 'OrderError';
  readonly orderId = 7;
}

describe('errorToJson', () => {
  it.each<[string, unknown, unknown]>([
    [
      'what an RpcException carried',
      { status: 'error', message: 'sold out', stock: 0 },
      { status: 'error', message: 'sold out', stock: 0 },
    ],
    ['a string', 'sold out', 'sold out'],
    ['null', null, null],
    [
      'an Error, whose message JSON would not show',
      new TypeError('no number'),
      { name: 'TypeError', message: 'no number' },
    ],
    ['an Error with fields of its own', new OrderError('late'), { name: 'OrderError', message: 'late', orderId: 7 }],
    ['nothing', undefined, 'undefined'],
  ])('tells the caller %s', (_, error, expected) => {
    expect(JSON.parse(errorToJson(error))).toEqual(expected);
  });

  it("tells no stack, which is nobody else's business", () => {
    expect(errorToJson(new Error('x'))).not.toContain('error-object.spec');
  });

  it('tells something of what has no JSON at all', () => {
    expect(typeof JSON.parse(errorToJson(Symbol('x')))).toBe('string');
  });
});

describe('errorCodeOf', () => {
  it.each<[string, unknown, string]>([
    ['what Nest has masked', nestError('Internal server error'), 'internal'],
    ['an error object of the application', nestError('sold out'), 'rpc'],
    ['the same words without the status', { message: 'Internal server error' }, 'rpc'],
    ['a string', 'Internal server error', 'rpc'],
    ['nothing', undefined, 'rpc'],
    ['null', null, 'rpc'],
  ])('of %s is %s', (_, error, expected) => {
    expect(errorCodeOf(error)).toBe(expected);
    expect(isMasked(error)).toBe(expected === 'internal');
  });
});
