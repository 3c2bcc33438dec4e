import { describe, expect, it } from '@jest/globals';
import { httpStatusOf } from '../../../lib/filters/http-status.js';
import * as transport from '../../../lib/index.js';
import { MqttHttpExceptionFilter, RemoteError, type MqttTransportError } from '../../../lib/index.js';

const {
  BackpressureError,
  ConnectionClosedError,
  ConnectionRefusedError,
  DeadLetterError,
  DuplicateHandlerError,
  FeatureNotSupportedError,
  InvalidOptionsError,
  InvalidTopicError,
  MessageExpiredError,
  NoMatchingSubscribersError,
  PayloadDecodeError,
  PayloadEncodeError,
  PublishCancelledError,
  PublishRefusedError,
  PublishTimeoutError,
  RequestCancelledError,
  RequestTimeoutError,
  StreamGapError,
  SubscriptionRefusedError,
} = transport;

const TABLE: readonly (readonly [status: number, error: MqttTransportError])[] = [
  [400, new InvalidTopicError('a/+', 'it has a wildcard')],
  [404, new DeadLetterError('unknown', 'there is no letter 7')],
  [409, new DeadLetterError('claimed', 'it is being replayed')],
  [409, new DeadLetterError('max-replays', 'replayed 3 times')],
  [409, new DeadLetterError('no-handler', 'no handler takes it')],
  [413, new PublishRefusedError('a', 0x95, 'packet too large')],
  [500, new DeadLetterError('no-store', 'the server has no store')],
  [500, new DuplicateHandlerError('a', ['"a"', '"a"'])],
  [500, new FeatureNotSupportedError('userProperties', 'none on 3.1.1', 'Use 5.0')],
  [500, new InvalidOptionsError([])],
  [500, new PayloadEncodeError('a', 'a lone surrogate')],
  [502, new DeadLetterError('failed', 'its handler has failed again')],
  [502, new PayloadDecodeError('a', 'application/json')],
  [502, new PublishRefusedError('a', 0x87, 'not authorized')],
  [502, new StreamGapError('a', 1, 2)],
  [502, new SubscriptionRefusedError([])],
  [503, new BackpressureError('maxPendingRequests', 1, 'The request')],
  [503, new ConnectionClosedError('closed', true)],
  [503, new ConnectionRefusedError('refused')],
  [503, new DeadLetterError('full', 'no room')],
  [503, new DeadLetterError('not-removed', 'the store does not answer')],
  [503, new DeadLetterError('not-serving', 'the server closes')],
  [503, new DeadLetterError('store', 'the store does not answer')],
  [503, new MessageExpiredError('a', 1)],
  [503, new NoMatchingSubscribersError('a')],
  [503, new PublishCancelledError('a', false)],
  [503, new RequestCancelledError('a')],
  [504, new PublishTimeoutError('a', 1, false)],
  [504, new RequestTimeoutError('a', 1)],
];

describe('HTTP status of an error', () => {
  it.each(TABLE.map(([status, error]) => ({ status, error, name: error.name })))(
    '$name: $status',
    ({ status, error }) => {
      expect(httpStatusOf(error)).toBe(status);
    },
  );

  it('the table has every class of error', () => {
    const classes = Object.keys(transport).filter((name) => name.endsWith('Error'));
    const named = [...TABLE.map(([, { name }]) => name), 'RemoteError', 'MqttTransportError'];
    expect(classes.toSorted()).toEqual([...new Set(named)].toSorted());
  });
});

describe('HTTP status of a failed handler', () => {
  it.each([
    ['rpc', { statusCode: 404 }, 404],
    ['rpc', { status: 409, message: 'taken' }, 409],
    ['rpc', { status: 'error', statusCode: 422 }, 422],
    ['rpc', { status: 'error' }, 500],
    ['rpc', { statusCode: 200 }, 500],
    ['rpc', { statusCode: 404.5 }, 500],
    ['rpc', { statusCode: '404' }, 500],
    ['rpc', 'in words', 500],
    ['rpc', null, 500],
    ['internal', { status: 'error', message: 'Internal server error' }, 500],
    ['bad-request', { status: 'error' }, 400],
    ['timeout', {}, 504],
    ['cancelled', {}, 503],
    ['constructor', {}, 500],
  ])('%s, %j: %d', (code, data, status) => {
    expect(httpStatusOf(new RemoteError(code, data, 'a'))).toBe(status);
  });
});

describe('MqttHttpExceptionFilter', () => {
  it('leaves errors of other contexts as they are', () => {
    const error = new RequestTimeoutError('a', 1);
    const host = { getType: () => 'graphql' } as never;
    expect(new MqttHttpExceptionFilter({} as never).catch(error, host)).toBe(error);
  });
});
