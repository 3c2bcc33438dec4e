import { describe, expect, it } from '@jest/globals';
import type { UserProperties } from '../../../lib/protocol/application-message.js';
import { FeatureNotSupportedError } from '../../../lib/errors/feature-not-supported.error.js';
import { refuseProperties } from '../../../lib/records/only-on-5.js';
import { fillProperties, mergeUserProperties } from '../../../lib/records/publish-properties.js';

const nothing = { contentType: undefined, messageExpiryInterval: undefined, userProperties: undefined };

describe('fillProperties', () => {
  it('writes nothing where nobody has said anything', () => {
    expect(Object.keys(fillProperties({}, {}, nothing))).toEqual([]);
  });

  it('lets the message win over its surroundings', () => {
    const around = { contentType: 'text/plain', messageExpiryInterval: 5, userProperties: { a: '1' } };
    expect(fillProperties({}, {}, around)).toEqual(around);
    expect(
      fillProperties({}, { contentType: 'x/y', messageExpiryInterval: 0, payloadFormatIndicator: false }, around),
    ).toEqual({
      contentType: 'x/y',
      messageExpiryInterval: 0,
      payloadFormatIndicator: false,
      userProperties: { a: '1' },
    });
  });
});

describe('mergeUserProperties', () => {
  it.each<[(UserProperties | undefined)[], UserProperties | undefined]>([
    [[], undefined],
    [[undefined, {}], undefined],
    [[{ a: '1' }, undefined, { b: ['2', '3'] }], { a: '1', b: ['2', '3'] }],
    [[{ a: '1', b: '1' }, { a: '2' }], { a: '2', b: '1' }],
  ])('puts %j together as %j', (sets, expected) => {
    const frozen = sets.map((set) => set && Object.freeze(set));
    expect(mergeUserProperties(...frozen)).toEqual(expected);
  });
});

describe('refuseProperties', () => {
  it.each([
    [{ userProperties: {} }, 'userProperties'],
    [{ contentType: '' }, 'contentType'],
    [{ responseTopic: 'r' }, 'responseTopic'],
    [{ correlationData: Buffer.alloc(0) }, 'correlationData'],
    [{ messageExpiryInterval: 0 }, 'messageExpiryInterval'],
    [{ payloadFormatIndicator: false }, 'payloadFormatIndicator'],
  ])('refuses %j, which 3.1.1 has no place for', (options, name) => {
    const refuse = () => refuseProperties('the message to "a"', options);
    expect(refuse).toThrow(FeatureNotSupportedError);
    expect(refuse).toThrow(new RegExp(`^${name} of the message to "a": MQTT 3\\.1\\.1 does not have it`));
  });

  it('takes what 3.1.1 has', () => {
    expect(() => refuseProperties('x', { qos: 2, retain: true, timeout: 5 })).not.toThrow();
  });
});
