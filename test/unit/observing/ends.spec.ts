import { describe, expect, it } from '@jest/globals';
import { BackpressureError } from '../../../lib/errors/backpressure.error.js';
import { ConnectionClosedError } from '../../../lib/errors/connection-closed.error.js';
import { MessageExpiredError } from '../../../lib/errors/message-expired.error.js';
import { NoMatchingSubscribersError } from '../../../lib/errors/no-matching-subscribers.error.js';
import { PublishCancelledError } from '../../../lib/errors/publish-cancelled.error.js';
import { PublishRefusedError } from '../../../lib/errors/publish-refused.error.js';
import { PublishTimeoutError } from '../../../lib/errors/publish-timeout.error.js';
import { RemoteError } from '../../../lib/errors/remote.error.js';
import { RequestCancelledError } from '../../../lib/errors/request-cancelled.error.js';
import { RequestTimeoutError } from '../../../lib/errors/request-timeout.error.js';
import { publishEndOf, requestEndOf } from '../../../lib/observing/ends.js';

const refused = new PublishRefusedError('a', 0x87, 'not authorized');
const expired = new MessageExpiredError('a', 1);
const overflow = new BackpressureError('maxQueuedMessages', 1, 'No room');
const closed = new ConnectionClosedError('gone', false);

describe('publishEndOf()', () => {
  it.each([
    ['refused', refused, 0x87],
    ['expired', expired, undefined],
    ['timeout', new PublishTimeoutError('a', 1, false), undefined],
    ['cancelled', new PublishCancelledError('a', false), undefined],
    ['overflow', overflow, undefined],
    ['closed', closed, undefined],
    ['failed', new RangeError('of the codec'), undefined],
  ])('%s', (outcome, error, reasonCode) => {
    expect(publishEndOf(1, error, 0x10)).toEqual({ outcome, reasonCode, error });
  });

  it('is written at QoS 0, and acknowledged with a Reason Code above', () => {
    expect(publishEndOf(0, undefined, undefined)).toMatchObject({ outcome: 'written', reasonCode: undefined });
    expect(publishEndOf(2, undefined, 0x10)).toMatchObject({ outcome: 'acknowledged', reasonCode: 0x10 });
  });

  it('has an Error, whatever was thrown', () => {
    const { outcome, error } = publishEndOf(0, 'text', undefined);
    expect(outcome).toBe('failed');
    expect(error).toBeInstanceOf(Error);
    expect(error!.cause).toBe('text');
  });
});

describe('requestEndOf()', () => {
  it.each([
    ['remote-error', new RemoteError('rpc', 'no', 'a')],
    ['timeout', new RequestTimeoutError('a', 1)],
    ['timeout', expired],
    ['cancelled', new RequestCancelledError('a')],
    ['refused', refused],
    ['refused', new NoMatchingSubscribersError('a')],
    ['overflow', overflow],
    ['closed', closed],
    ['failed', new RangeError('of the codec')],
  ])('%s', (outcome, error) => {
    expect(requestEndOf(false, error)).toEqual({ outcome, error });
  });

  it('without an error is a reply, or the caller has left', () => {
    expect(requestEndOf(true, undefined).outcome).toBe('replied');
    expect(requestEndOf(false, undefined).outcome).toBe('cancelled');
  });
});
