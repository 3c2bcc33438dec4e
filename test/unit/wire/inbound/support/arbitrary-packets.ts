import * as fc from 'fast-check';
import { generate, parser, type Packet } from 'mqtt-packet';
import type { ReasonCode } from '../../../../../lib/protocol/reason-code.js';

export type Version = 4 | 5;

const text = fc
  .string({ unit: 'grapheme', maxLength: 90 })
  .filter((value) => value.isWellFormed() && !value.includes('\0'));
/** Not empty: mqtt-packet loses an empty value that comes before others of its name. */
const name = text.filter((value) => value.length > 0);
const topic = name.map((value) => value.replaceAll(/[#+]/g, '_'));
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const identifier = fc.integer({ min: 1, max: 65_535 });
const flag = fc.boolean();
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const uint16 = fc.integer({ min: 0, max: 0xffff });
const userProperties = fc.dictionary(
  name.filter((value) => value !== '__proto__'), // generate() takes an object with a prototype
  fc.oneof(text, fc.array(name, { minLength: 2, maxLength: 4 })),
  { minKeys: 1, maxKeys: 5 },
);
const reasons = optional({ reasonString: text, userProperties });

/** An object with some of these properties, or nothing instead of it. */
function optional<T>(properties: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T> | undefined> {
  return fc.option(fc.record(properties, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>, { nil: undefined });
}

function one<T extends string>(cmd: T): fc.Arbitrary<T> {
  return fc.constant(cmd);
}

function oneOf(...codes: (ReasonCode | number)[]): fc.Arbitrary<number> {
  return fc.constantFrom(...codes);
}

export function publishes(version: Version): fc.Arbitrary<Packet> {
  const properties = optional({
    payloadFormatIndicator: flag,
    messageExpiryInterval: uint32,
    contentType: text,
    responseTopic: text,
    correlationData: bytes,
    userProperties,
    topicAlias: identifier,
    subscriptionIdentifier: fc.oneof(
      fc.integer({ min: 1, max: 268_435_455 }),
      fc.array(fc.integer({ min: 1, max: 268_435_455 }), { minLength: 2, maxLength: 4 }),
    ),
  });
  return fc
    .record({
      cmd: one('publish'),
      topic,
      payload: fc.oneof(
        { weight: 30, arbitrary: bytes },
        { weight: 1, arbitrary: fc.constant(Buffer.alloc(20_000, 7)) },
      ),
      qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
      messageId: identifier,
      retain: flag,
      dup: flag,
      properties: version === 5 ? properties : fc.constant(undefined),
    })
    .map((packet) => ({ ...packet, dup: packet.dup && packet.qos > 0 })) as fc.Arbitrary<Packet>;
}

export function acknowledgements(version: Version): fc.Arbitrary<Packet> {
  const received = oneOf(0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99);
  const released = oneOf(0, 0x92);
  const kind = (cmd: string, reasonCode: fc.Arbitrary<number>): fc.Arbitrary<object> =>
    fc.record({
      cmd: one(cmd),
      messageId: identifier,
      reasonCode: version === 5 ? reasonCode : fc.constant(0),
      properties: version === 5 ? reasons : fc.constant(undefined),
    });
  return fc.oneof(
    kind('puback', received),
    kind('pubrec', received),
    kind('pubrel', released),
    kind('pubcomp', released),
  ) as fc.Arbitrary<Packet>;
}

/** The packets of {@link checkControlPacket} that are not acknowledgements. */
export function controlPackets(version: Version): fc.Arbitrary<Packet> {
  return (version === 5 ? fc.oneof(...CONTROL_5) : fc.oneof(...CONTROL_4)) as fc.Arbitrary<Packet>;
}

const CONTROL_4 = [
  fc.record({ cmd: one('connack'), sessionPresent: flag, returnCode: oneOf(0) }),
  fc.record({ cmd: one('connack'), sessionPresent: fc.constant(false), returnCode: oneOf(1, 2, 3, 4, 5) }),
  fc.record({
    cmd: one('suback'),
    messageId: identifier,
    granted: fc.array(oneOf(0, 1, 2, 0x80), { minLength: 1, maxLength: 9 }),
  }),
  fc.record({ cmd: one('unsuback'), messageId: identifier }),
  fc.record({ cmd: one('pingresp') }),
];

const connackProperties = optional({
  sessionExpiryInterval: uint32,
  receiveMaximum: identifier,
  maximumQoS: oneOf(0, 1),
  retainAvailable: flag,
  maximumPacketSize: fc.integer({ min: 1, max: 0xffff_ffff }),
  assignedClientIdentifier: text,
  topicAliasMaximum: uint16,
  reasonString: text,
  userProperties,
  wildcardSubscriptionAvailable: flag,
  subscriptionIdentifiersAvailable: flag,
  sharedSubscriptionAvailable: flag,
  serverKeepAlive: uint16,
  responseInformation: text,
  serverReference: text,
  authenticationMethod: text,
  authenticationData: bytes,
});

const CONTROL_5 = [
  fc.record({
    cmd: one('connack'),
    sessionPresent: flag,
    reasonCode: oneOf(0),
    properties: connackProperties,
  }),
  fc.record({
    cmd: one('connack'),
    sessionPresent: fc.constant(false),
    reasonCode: oneOf(0x80, 0x84, 0x87, 0x9d, 0x9f),
    properties: connackProperties,
  }),
  fc.record({
    cmd: one('suback'),
    messageId: identifier,
    properties: reasons,
    granted: fc.array(oneOf(0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2), { minLength: 1 }),
  }),
  fc.record({
    cmd: one('unsuback'),
    messageId: identifier,
    properties: reasons,
    granted: fc.array(oneOf(0, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91), { minLength: 1 }),
  }),
  fc.record({ cmd: one('pingresp') }),
  fc.record({
    cmd: one('disconnect'),
    reasonCode: oneOf(0, 0x80, 0x81, 0x82, 0x8b, 0x8e, 0x9c, 0xa2),
    properties: optional({ reasonString: text, userProperties, serverReference: text }),
  }),
  fc.record({
    cmd: one('auth'),
    reasonCode: oneOf(0, 0x18),
    properties: fc.record(
      { authenticationMethod: text, authenticationData: bytes, reasonString: text, userProperties },
      { requiredKeys: ['authenticationMethod'] },
    ),
  }),
];

/** Packets that only clients send. */
const CLIENT_PACKETS = [
  fc.record({ cmd: one('connect'), clientId: name, username: name, keepalive: uint16 }),
  fc.record({
    cmd: one('subscribe'),
    messageId: identifier,
    subscriptions: fc.constant([{ topic: 'a/#', qos: 1, nl: false, rap: false, rh: 0 }]),
  }),
  fc.record({ cmd: one('unsubscribe'), messageId: identifier, unsubscriptions: fc.constant(['a/#', 'b']) }),
  fc.record({ cmd: one('pingreq') }),
];

/** Packets of all fifteen kinds, also those that the version does not have. */
export function anyPackets(version: Version): fc.Arbitrary<Buffer> {
  const own = fc.oneof(publishes(version), acknowledgements(version), controlPackets(version));
  const others = fc.oneof(...CLIENT_PACKETS, ...CONTROL_5) as fc.Arbitrary<Packet>;
  return fc.oneof(
    { weight: 3, arbitrary: own.map((packet) => bytesOf(packet, version)) },
    { weight: 1, arbitrary: others.map((packet) => bytesOf(packet, 5)) },
  );
}

export function bytesOf(packet: Packet, protocolVersion: Version): Buffer {
  return generate(packet, { protocolVersion });
}

/** What mqtt-packet makes of these bytes. */
export function parsedByMqttPacket(bytesOfPackets: Buffer, protocolVersion: Version): Packet[] {
  const packets: Packet[] = [];
  const reader = parser({ protocolVersion });
  reader.on('packet', (packet) => packets.push(packet));
  reader.on('error', (error: Error) => {
    throw error;
  });
  reader.parse(bytesOfPackets);
  return packets;
}
