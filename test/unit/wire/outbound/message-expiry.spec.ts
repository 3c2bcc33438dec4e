import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { MessageProperties, OutgoingMessage } from '../../../../lib/protocol/application-message.js';
import {
  expiredError,
  expiryTime,
  hasExpired,
  withRemainingExpiry,
} from '../../../../lib/wire/outbound/message-expiry.js';

const NOW = 1_700_000_000_000;

beforeEach(() => void jest.useFakeTimers({ now: NOW }));
afterEach(() => void jest.useRealTimers());

function message(properties?: MessageProperties): OutgoingMessage {
  return { topic: 'a', payload: 'x', qos: 1, retain: false, ...(properties && { properties }) };
}

describe('expiryTime (section 3.3.2.3.3)', () => {
  it.each([
    [undefined, Infinity],
    [{}, Infinity],
    [{ messageExpiryInterval: 0 }, NOW],
    [{ messageExpiryInterval: 7 }, NOW + 7_000],
    [{ messageExpiryInterval: 0xffff_ffff }, NOW + 0xffff_ffff * 1_000],
  ])('of %j', (properties, expected) => {
    expect(expiryTime(message(properties))).toBe(expected);
  });
});

describe('hasExpired', () => {
  it.each([
    [NOW + 1, false],
    [NOW, true],
    [NOW - 1, true],
    [Infinity, false],
  ])('at %d', (expiresAt, expected) => {
    expect(hasExpired(expiresAt)).toBe(expected);
  });
});

describe('withRemainingExpiry (section 3.3.2.3.3)', () => {
  it.each([
    [0, 60],
    [1, 60],
    [999, 60],
    [1_000, 59],
    [1_001, 59],
    [58_999, 2],
    [59_000, 1],
    [59_999, 1],
    [60_000, 1],
    [90_000, 1],
  ])('after %i ms of 60 s', (waitedMs, seconds) => {
    const sent = message({ messageExpiryInterval: 60, contentType: 'text/plain' });
    const expiresAt = expiryTime(sent);
    jest.setSystemTime(NOW + waitedMs);
    const { properties, ...rest } = withRemainingExpiry(sent, expiresAt);
    expect(properties).toEqual({ messageExpiryInterval: seconds, contentType: 'text/plain' });
    expect(rest).toEqual({ topic: 'a', payload: 'x', qos: 1, retain: false });
  });

  it('is the message itself where nothing has to be changed, which is never done in place', () => {
    const plain = message();
    expect(withRemainingExpiry(plain, Infinity)).toBe(plain);
    const fresh = message(Object.freeze({ messageExpiryInterval: 60 }));
    const expiresAt = expiryTime(fresh);
    expect(withRemainingExpiry(fresh, expiresAt)).toBe(fresh);
    jest.setSystemTime(NOW + 5_000);
    expect(withRemainingExpiry(fresh, expiresAt).properties).toEqual({ messageExpiryInterval: 55 });
    expect(fresh.properties).toEqual({ messageExpiryInterval: 60 });
  });

  it('leaves 0 as it is: that message was never to wait', () => {
    const atOnce = message({ messageExpiryInterval: 0 });
    expect(withRemainingExpiry(atOnce, expiryTime(atOnce))).toBe(atOnce);
  });
});

it('expiredError names the topic, and how long the message was to live', () => {
  const error = expiredError(message({ messageExpiryInterval: 3 }));
  expect(error).toMatchObject({ code: 'ERR_MQTT_MESSAGE_EXPIRED', topic: 'a', messageExpiryInterval: 3 });
});
