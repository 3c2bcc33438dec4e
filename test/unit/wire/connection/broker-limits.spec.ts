import { describe, expect, it } from '@jest/globals';
import { brokerLimits } from '../../../../lib/wire/connection/broker-limits.js';

function limits(properties: object | undefined, version: 4 | 5 = 5) {
  return brokerLimits({ cmd: 'connack', sessionPresent: false, ...(properties && { properties }) }, version);
}

describe('brokerLimits (section 3.2.2.3)', () => {
  it.each([[undefined], [{}]])('takes what a broker does not mention for unlimited: %j', (properties) => {
    expect(limits(properties)).toEqual({
      receiveMaximum: 65_535,
      receiveMaximumQoS2: 65_535,
      topicAliasMaximum: 0,
      maximumQoS: 2,
      retainAvailable: true,
      maximumPacketSize: Infinity,
      sharedSubscriptions: true,
      wildcardSubscriptions: true,
      subscriptionIdentifiers: true,
      responseInformation: undefined,
    });
  });

  it('reads what it mentions', () => {
    expect(
      limits({
        receiveMaximum: 20,
        topicAliasMaximum: 10,
        maximumQoS: 1,
        maximumPacketSize: 1_024,
        responseInformation: 'answers/me',
        retainAvailable: false,
        sharedSubscriptionAvailable: false,
        wildcardSubscriptionAvailable: false,
        subscriptionIdentifiersAvailable: false,
      }),
    ).toEqual({
      receiveMaximum: 20,
      receiveMaximumQoS2: 20,
      topicAliasMaximum: 10,
      maximumQoS: 1,
      retainAvailable: false,
      maximumPacketSize: 1_024,
      sharedSubscriptions: false,
      wildcardSubscriptions: false,
      subscriptionIdentifiers: false,
      responseInformation: 'answers/me',
    });
    expect(limits({ maximumQoS: 0 }).maximumQoS).toBe(0);
  });

  it.each([
    [0, false],
    [false, false],
    [1, true],
    [true, true],
  ])('takes the byte %j for %j', (value, expected) => {
    const properties = {
      retainAvailable: value,
      sharedSubscriptionAvailable: value,
      subscriptionIdentifiersAvailable: value,
    };
    expect(limits(properties)).toMatchObject({
      retainAvailable: expected,
      sharedSubscriptions: expected,
      subscriptionIdentifiers: expected,
    });
  });

  it('knows that 3.1.1 has no identifiers, and that its brokers drop QoS 2 messages beyond 20 under way', () => {
    expect(limits(undefined, 4)).toMatchObject({
      subscriptionIdentifiers: false,
      receiveMaximum: 65_535,
      receiveMaximumQoS2: 20,
    });
  });
});
