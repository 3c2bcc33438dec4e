import { describe, expect, it } from '@jest/globals';
import type { MessageProperties } from '../../../../lib/protocol/application-message.js';
import { PropertyMemory, readPublishProperties } from '../../../../lib/wire/inbound/publish-properties.js';
import { text, violation } from './support/frames.js';

/** Reads them with garbage around, which belongs to something else. */
function read(section: readonly number[]): MessageProperties {
  const bytes = Buffer.from([0xee, ...section, 0xee, 0xee, 0xee, 0xee, 0xee]);
  const properties = readPublishProperties(bytes, 1, 1 + section.length, new PropertyMemory());
  bytes.fill(0xee);
  return properties;
}

const FORMAT = [0x01, 1];
const EXPIRY = [0x02, 0x80, 0, 0, 1];
const CONTENT_TYPE = [0x03, ...text('text/plain')];
const RESPONSE_TOPIC = [0x08, ...text('answers/ü')];
const CORRELATION_DATA = [0x09, ...text([0, 0xff, 1])];
const SUBSCRIPTION = [0x0b, 0x80, 0x01];
const ALIAS = [0x23, 0x12, 0x34];

function user(name: string, value: string): number[] {
  return [0x26, ...text(name), ...text(value)];
}

describe('properties of a PUBLISH (section 3.3.2.3)', () => {
  it.each<[string, number[], MessageProperties]>([
    ['Payload Format Indicator', FORMAT, { payloadFormatIndicator: true }],
    ['Payload Format Indicator 0', [0x01, 0], { payloadFormatIndicator: false }],
    ['Message Expiry Interval', EXPIRY, { messageExpiryInterval: 0x8000_0001 }],
    ['Content Type', CONTENT_TYPE, { contentType: 'text/plain' }],
    ['empty Content Type', [0x03, 0, 0], { contentType: '' }],
    ['Response Topic', RESPONSE_TOPIC, { responseTopic: 'answers/ü' }],
    ['Response Topic with wildcards, which is refused later', [0x08, ...text('a/#')], { responseTopic: 'a/#' }],
    ['empty Response Topic, which is refused later', [0x08, 0, 0], { responseTopic: '' }],
    ['Correlation Data', CORRELATION_DATA, { correlationData: Buffer.from([0, 0xff, 1]) }],
    ['empty Correlation Data', [0x09, 0, 0], { correlationData: Buffer.alloc(0) }],
    ['Subscription Identifier', SUBSCRIPTION, { subscriptionIdentifier: 128 }],
    ['Subscription Identifiers', [...SUBSCRIPTION, 0x0b, 7, 0x0b, 7], { subscriptionIdentifier: [128, 7, 7] }],
    ['Topic Alias', ALIAS, { topicAlias: 0x1234 }],
    ['control characters', [0x03, ...text('a\u0001')], { contentType: 'a\u0001' }],
  ])('reads %s', (_, section, properties) => {
    expect(read(section)).toStrictEqual(properties);
  });

  it('reads all of them, in any order', () => {
    const parts = [FORMAT, EXPIRY, CONTENT_TYPE, RESPONSE_TOPIC, CORRELATION_DATA, SUBSCRIPTION, ALIAS, user('a', 'b')];
    const properties = read(parts.flat());
    expect(Object.keys(properties)).toHaveLength(8);
    expect(read(parts.toReversed().flat())).toEqual(properties);
  });

  it('[MQTT-3.3.2-18] keeps the order of the User Properties that have one name', () => {
    const section = [...user('a', '2'), ...user('b', ''), ...user('a', ''), ...user('a', '1')];
    expect(read(section).userProperties).toEqual({ a: ['2', '', '1'], b: '' });
    expect(read([...user('a', ''), ...user('a', 'x')]).userProperties).toEqual({ a: ['', 'x'] });
  });

  it.each(['__proto__', 'constructor', 'toString', ''])('takes "%s" for a name like any other', (name) => {
    const { userProperties } = read([...user(name, '1'), ...user(name, '2')]);
    expect(Object.getPrototypeOf(userProperties)).toBeNull();
    expect(Object.entries(userProperties!)).toEqual([[name, ['1', '2']]]);
    expect({}).not.toHaveProperty('1');
  });

  it.each([
    ['Payload Format Indicator', FORMAT],
    ['Payload Format Indicator', [0x01, 0]],
    ['Message Expiry Interval', [0x02, 0, 0, 0, 0]],
    ['Content Type', [0x03, 0, 0]],
    ['Response Topic', [0x08, 0, 0]],
    ['Correlation Data', [0x09, 0, 0]],
    ['Topic Alias', ALIAS],
  ])('refuses %s twice', (name, property) => {
    const expected = violation(0x82, new RegExp(`more than one ${name}.*3\\.3\\.2\\.3`));
    expect(() => read([...property, ...property])).toThrow(expected);
    expect(() => read([...property, ...SUBSCRIPTION, ...property])).toThrow(expected);
  });

  const whole: [string, number[]][] = [
    ['Payload Format Indicator', FORMAT],
    ['Message Expiry Interval', EXPIRY],
    ['Content Type', CONTENT_TYPE],
    ['Response Topic', RESPONSE_TOPIC],
    ['Correlation Data', CORRELATION_DATA],
    ['Subscription Identifier', SUBSCRIPTION],
    ['Topic Alias', ALIAS],
    ['User Property', user('name', 'value')],
  ];
  it.each(whole)('refuses a %s that is cut short, wherever', (name, property) => {
    for (let length = 1; length < property.length; length++) {
      expect(() => read(property.slice(0, length))).toThrow(violation(0x81, new RegExp(name)));
      expect(() => read([...SUBSCRIPTION, ...property.slice(0, length)])).toThrow(violation(0x81, new RegExp(name)));
    }
  });

  it.each([
    ['3.3.2.3.2 Payload Format Indicator 2', [0x01, 2], 0x82, /Payload Format Indicator.*3\.3\.2\.3\.2/],
    ['3.3.2.3.8 Subscription Identifier 0', [0x0b, 0], 0x82, /Subscription Identifier 0.*3\.3\.2\.3\.8/],
    ['1.5.5 a Subscription Identifier of five bytes', [0x0b, 0x80, 0x80, 0x80, 0x80, 1], 0x81, /Identifier.*1\.5\.5/],
    ['[MQTT-3.3.2-19] a Content Type that is not UTF-8', [0x03, 0, 1, 0xff], 0x81, /Content Type.*MQTT-1\.5\.4-1/],
    ['[MQTT-3.3.2-13] a Response Topic that is not UTF-8', [0x08, 0, 1, 0xff], 0x81, /Response Topic.*MQTT-1\.5\.4-1/],
    ['[MQTT-1.5.4-2] U+0000 in a Response Topic', [0x08, ...text('\0')], 0x81, /Response Topic.*MQTT-1\.5\.4-2/],
    ['[MQTT-1.5.4-1] a name that is not UTF-8', [0x26, 0, 1, 0xff, 0, 0], 0x81, /name of a User.*MQTT-1\.5\.4-1/],
    ['[MQTT-1.5.4-1] a value that is not UTF-8', [0x26, 0, 0, 0, 1, 0xff], 0x81, /value of a User.*MQTT-1\.5\.4-1/],
    ['2.2.2.2 an unknown property', [0x7f, 0], 0x81, /0x7f.*3\.3\.2\.3/],
    ['2.2.2.2 property 0', [0x00, 0], 0x81, /0x00/],
    ['2.2.2.2 a property of another packet', [0x21, 0, 1], 0x81, /0x21/],
    ['2.2.2.2 a property of a will', [0x18, 0, 0, 0, 1], 0x81, /0x18/],
  ])('refuses %s', (_, section, reasonCode, message) => {
    expect(() => read(section)).toThrow(violation(reasonCode, message));
    expect(() => read([...ALIAS, ...section])).toThrow(violation(reasonCode, message));
  });
});
