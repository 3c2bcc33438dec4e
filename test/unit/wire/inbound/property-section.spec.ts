import { describe, expect, it } from '@jest/globals';
import { checkProperties, type PropertyRules } from '../../../../lib/wire/inbound/property-section.js';
import { text, violation } from './support/frames.js';

const ALL = Array.from({ length: 256 }, (_, identifier) => identifier);
const RULES: PropertyRules = { packet: 'CONNACK', allowed: ALL };

/** @returns how many bytes the section takes, with its length */
function check(properties: readonly number[], rules = RULES, length = properties.length): number {
  const bytes = Buffer.from([0xee, length, ...properties, 0xee, 0xee, 0xee, 0xee]);
  return checkProperties(bytes, 1, 2 + properties.length, rules) - 1;
}

const STRINGS: [string, number][] = [
  ['Assigned Client Identifier', 0x12],
  ['Authentication Method', 0x15],
  ['Response Information', 0x1a],
  ['Server Reference', 0x1c],
  ['Reason String', 0x1f],
];
const FLAGS: [string, number][] = [
  ['Maximum QoS', 0x24],
  ['Retain Available', 0x25],
  ['Wildcard Subscription Available', 0x28],
  ['Subscription Identifiers Available', 0x29],
  ['Shared Subscription Available', 0x2a],
];
const WHOLE: [string, number[]][] = [
  ['Session Expiry Interval', [0x11, 0xff, 0xff, 0xff, 0xff]],
  ['Session Expiry Interval', [0x11, 0, 0, 0, 0]],
  ['Server Keep Alive', [0x13, 0, 0]],
  ['Server Keep Alive', [0x13, 0xff, 0xff]],
  ['Receive Maximum', [0x21, 0, 1]],
  ['Topic Alias Maximum', [0x22, 0, 0]],
  ['Maximum Packet Size', [0x27, 0, 0, 0, 1]],
  ['Authentication Data', [0x16, ...text([0, 0xff])]],
  ['User Property', [0x26, ...text('a'), ...text('ü')]],
  ...STRINGS.map(([name, identifier]): [string, number[]] => [name, [identifier, ...text('ü')]]),
  ...FLAGS.flatMap(([name, identifier]): [string, number[]][] => [
    [name, [identifier, 0]],
    [name, [identifier, 1]],
  ]),
];

describe('property section (section 2.2.2)', () => {
  it('can be empty', () => {
    expect(check([])).toBe(1);
  });

  it.each(WHOLE)('takes a %s', (_, property) => {
    expect(check(property)).toBe(1 + property.length);
  });

  it('takes many properties, and as many User Properties as there are', () => {
    const user = [0x26, ...text('a'), ...text('b')];
    expect(check([...user, 0x13, 0, 1, ...user, ...user, 0x24, 1])).toBe(1 + 3 * user.length + 5);
  });

  it('ends before the packet does, where its length says so', () => {
    expect(check([0x13, 0, 1, 7, 7], RULES, 3)).toBe(4);
  });

  it.each(WHOLE)('2.2.2.2 refuses a %s that is cut short, wherever', (name, property) => {
    for (let length = 1; length < property.length; length++) {
      const expected = violation(0x81, new RegExp(`${name} of the CONNACK`));
      expect(() => check(property.slice(0, length))).toThrow(expected);
    }
  });

  it.each(WHOLE.filter(([name]) => name !== 'User Property'))('2.2.2.2 refuses a %s twice', (name, property) => {
    const expected = violation(0x82, new RegExp(`CONNACK has more than one ${name}`));
    expect(() => check([...property, ...property])).toThrow(expected);
  });

  it.each([...STRINGS, ['User Property', 0x26] as [string, number]])(
    '[MQTT-1.5.4-1] refuses a %s that is not UTF-8',
    (name, identifier) => {
      const expected = violation(0x81, new RegExp(`${name} of the CONNACK.*MQTT-1\\.5\\.4-1`));
      expect(() => check([identifier, ...text([0xff]), 0, 0])).toThrow(expected);
    },
  );

  it.each(STRINGS)('[MQTT-1.5.4-2] refuses U+0000 in a %s', (_, identifier) => {
    expect(() => check([identifier, ...text('\0')])).toThrow(violation(0x81, /MQTT-1\.5\.4-2/));
  });

  it('[MQTT-1.5.4-1] refuses the value of a User Property that is not UTF-8', () => {
    expect(() => check([0x26, 0, 0, ...text([0xff])])).toThrow(violation(0x81, /MQTT-1\.5\.4-1/));
  });

  it.each(FLAGS)('3.2.2.3 refuses a %s of 2', (name, identifier) => {
    expect(() => check([identifier, 2])).toThrow(violation(0x82, new RegExp(`${name} of the CONNACK is 2`)));
  });

  it('3.2.2.3.3 refuses a Receive Maximum of 0', () => {
    expect(() => check([0x21, 0, 0])).toThrow(violation(0x82, /Receive Maximum of the CONNACK is 0/));
  });

  it('3.2.2.3.6 refuses a Maximum Packet Size of 0', () => {
    expect(() => check([0x27, 0, 0, 0, 0])).toThrow(violation(0x82, /Maximum Packet Size of the CONNACK is 0/));
  });

  it('2.2.2.2 refuses what is not allowed in the packet, and what does not exist', () => {
    const rules = { packet: 'SUBACK', allowed: [0x1f] };
    expect(() => check([0x13, 0, 1], rules)).toThrow(violation(0x81, /SUBACK has the property 0x13/));
    for (const identifier of [0x00, 0x01, 0x0b, 0x7f, 0x80, 0xff]) {
      expect(() => check([identifier, 0, 0])).toThrow(violation(0x81, /which is not allowed/));
    }
  });

  it('calls for what must be there', () => {
    const rules = { packet: 'AUTH', allowed: [0x15, 0x1f], required: 0x15 };
    expect(check([0x15, ...text('m')], rules)).toBe(5);
    expect(() => check([], rules)).toThrow(violation(0x82, /AUTH has no Authentication Method/));
    expect(() => check([0x1f, 0, 0], rules)).toThrow(violation(0x82, /AUTH has no Authentication Method/));
  });

  it.each([
    ['longer than the packet', [1]],
    ['of a length that does not end', [0x80]],
    ['without a length', []],
  ])('2.2.2.1 refuses properties %s', (_, bytes) => {
    expect(() => checkProperties(Buffer.from([...bytes, 0x26]), 0, bytes.length, RULES)).toThrow(
      violation(0x81, /longer than the packet.*2\.2\.2\.1/),
    );
  });

  it('1.5.5 refuses a length of five bytes', () => {
    const bytes = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x00]);
    expect(() => checkProperties(bytes, 0, 5, RULES)).toThrow(violation(0x81, /properties of the CONNACK.*1\.5\.5/));
  });
});
