import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { generate, type Packet } from 'mqtt-packet';
import { MqttBroker, ReasonCode } from '../../lib/testing/index.js';
import { useBrokers } from './support/broker-fixture.js';
import { RawClient } from './support/raw-client.js';

const newBroker = useBrokers();
const { MALFORMED_PACKET, PROTOCOL_ERROR, TOPIC_NAME_INVALID } = ReasonCode;

describe('packets that are none', () => {
  const v5: [string, number[], number][] = [
    ['[MQTT-2.1.3-1] reserved flags of a SUBSCRIBE', [0x80, 5, 0, 1, 0, 0, 1], MALFORMED_PACKET],
    ['[MQTT-3.3.1-4] QoS 3', [0x36, 4, 0, 1, 97, 0], MALFORMED_PACKET],
    ['[MQTT-3.3.1-2] DUP at QoS 0', [0x38, 4, 0, 1, 97, 0], MALFORMED_PACKET],
    ['[MQTT-2.2.1-3] Packet Identifier 0', [0x32, 6, 0, 1, 97, 0, 0, 0], MALFORMED_PACKET],
    ['1.5.5 a length of five bytes', [0x30, 0xff, 0xff, 0xff, 0xff, 1], MALFORMED_PACKET],
    ['the reserved packet type 0', [0x00, 0], MALFORMED_PACKET],
    ['[MQTT-1.5.4-1] a surrogate in a Topic Name', [0x30, 6, 0, 3, 0xed, 0xa0, 0x80, 0], MALFORMED_PACKET],
    ['[MQTT-1.5.4-2] U+0000 in a Topic Name', [0x30, 4, 0, 1, 0, 0], MALFORMED_PACKET],
    ['[MQTT-1.5.4-1] ill-formed UTF-8 in a filter', [0x82, 7, 0, 1, 0, 0, 1, 0xff, 0], MALFORMED_PACKET],
    [
      '[MQTT-1.5.4-1] ill-formed UTF-8 in a User Property',
      [0x30, 10, 0, 1, 97, 6, 0x26, 0, 1, 0xff, 0, 0],
      MALFORMED_PACKET,
    ],
    ['a Topic Name longer than the packet', [0x30, 4, 0, 9, 97, 0], MALFORMED_PACKET],
    ['properties longer than the packet', [0x30, 4, 0, 1, 97, 9], MALFORMED_PACKET],
    ['a property cut short', [0x30, 6, 0, 1, 97, 2, 0x02, 0], MALFORMED_PACKET],
    ['an unknown property', [0x30, 6, 0, 1, 97, 2, 0x7f, 0], MALFORMED_PACKET],
    ['a property of another packet', [0x30, 7, 0, 1, 97, 3, 0x21, 0, 1], MALFORMED_PACKET],
    ['a property given twice', [0x30, 10, 0, 1, 97, 6, 0x23, 0, 1, 0x23, 0, 2], PROTOCOL_ERROR],
    ['[MQTT-3.3.2-2] wildcards in a Topic Name', [0x30, 4, 0, 1, 0x23, 0], TOPIC_NAME_INVALID],
    ['[MQTT-4.7.3-1] an empty Topic Name', [0x30, 3, 0, 0, 0], TOPIC_NAME_INVALID],
    ['[MQTT-3.3.2-14] wildcards in a Response Topic', [0x30, 8, 0, 1, 97, 4, 0x08, 0, 1, 0x2b], PROTOCOL_ERROR],
    ['[MQTT-3.3.4-6] a Subscription Identifier from a client', [0x30, 6, 0, 1, 97, 2, 0x0b, 1], PROTOCOL_ERROR],
    ['[MQTT-3.8.3-2] a SUBSCRIBE without filters', [0x82, 3, 0, 1, 0], PROTOCOL_ERROR],
    ['3.8.2.1.2 Subscription Identifier 0', [0x82, 9, 0, 1, 2, 0x0b, 0, 0, 1, 97, 0], PROTOCOL_ERROR],
    ['[MQTT-3.8.3-5] reserved subscription options', [0x82, 7, 0, 1, 0, 0, 1, 97, 0x40], MALFORMED_PACKET],
    ['[MQTT-3.10.3-2] an UNSUBSCRIBE without filters', [0xa2, 3, 0, 1, 0], PROTOCOL_ERROR],
    ['an AUTH without a method', [0xf0, 2, 0x18, 0], PROTOCOL_ERROR],
    ['a PINGRESP', [0xd0, 0], PROTOCOL_ERROR],
    ['a SUBACK', [0x90, 4, 0, 1, 0, 0], PROTOCOL_ERROR],
  ];
  it.each(v5)('%s', async (_, bytes, reasonCode) => {
    const client = await RawClient.connect(newBroker());
    client.send(Buffer.from(bytes));
    expect(await client.disconnected()).toBe(reasonCode);
  });

  const v4: [string, number[]][] = [
    ['[MQTT-2.2.2-1] reserved flags of a SUBSCRIBE', [0x80, 6, 0, 1, 0, 1, 97, 0]],
    ['[MQTT-3.3.1-4] QoS 3', [0x36, 5, 0, 1, 97, 0, 1]],
    ['[MQTT-3.3.1-2] DUP at QoS 0', [0x38, 3, 0, 1, 97]],
    ['[MQTT-2.3.1-1] Packet Identifier 0', [0x32, 5, 0, 1, 97, 0, 0]],
    ['[MQTT-1.5.3-1] a surrogate in a Topic Name', [0x30, 5, 0, 3, 0xed, 0xa0, 0x80]],
    ['[MQTT-1.5.3-2] U+0000 in a Topic Name', [0x30, 3, 0, 1, 0]],
    ['[MQTT-3.3.2-2] wildcards in a Topic Name', [0x30, 3, 0, 1, 0x23]],
    ['[MQTT-3.8.3-3] a SUBSCRIBE without filters', [0x82, 2, 0, 1]],
    ['[MQTT-3-8.3-4] reserved subscription options', [0x82, 6, 0, 1, 0, 1, 97, 0x04]],
    ['an AUTH', [0xf0, 0]],
    ['a PINGRESP', [0xd0, 0]],
  ];
  it.each(v4)('3.1.1: %s ends the connection', async (_, bytes) => {
    const client = await RawClient.connect(newBroker(), { v: 4 });
    client.send(Buffer.from(bytes));
    expect(await client.disconnected()).toBeUndefined();
  });

  it('U+FFFD itself is a character like any other', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker);
    await client.subscribe('\uFFFD/#');
    await client.publish('\uFFFD/a', 'x', { properties: { userProperties: { k: '\uFFFD' } } });
    expect(await client.take(1)).toHaveLength(1);
  });

  it('[MQTT-1.5.4-3] U+FEFF is not taken away', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker);
    await client.subscribe('#');
    await client.publish('\uFEFFa', 'x');
    const [packet] = await client.take(1);
    expect(packet!.topic).toBe('\uFEFFa');
  });
});

/** What a client may send, as a starting point for damage. */
const packets: Packet[] = [
  {
    cmd: 'connect',
    clientId: 'fuzz',
    protocolVersion: 5,
    clean: true,
    will: { topic: 'w', payload: Buffer.from('x'), qos: 1 },
  },
  { cmd: 'connect', clientId: 'fuzz', protocolVersion: 4, username: 'u', password: Buffer.from('p') },
  { cmd: 'publish', topic: 'a/b', payload: 'x', qos: 1, messageId: 1, retain: true, dup: false },
  {
    cmd: 'publish',
    topic: 'a/b',
    payload: 'x',
    qos: 2,
    messageId: 2,
    retain: false,
    dup: false,
    properties: {
      topicAlias: 1,
      userProperties: { k: ['1', '2'] },
      correlationData: Buffer.from('c'),
      responseTopic: 'r',
    },
  },
  { cmd: 'puback', messageId: 1, reasonCode: 0 },
  { cmd: 'pubrec', messageId: 1, reasonCode: 0x80 },
  { cmd: 'pubrel', messageId: 2, reasonCode: 0 },
  { cmd: 'pubcomp', messageId: 2, reasonCode: 0 },
  {
    cmd: 'subscribe',
    messageId: 3,
    subscriptions: [{ topic: '$share/g/#', qos: 2, rh: 1 }],
    properties: { subscriptionIdentifier: 9 },
  },
  { cmd: 'unsubscribe', messageId: 4, unsubscriptions: ['#'] },
  { cmd: 'pingreq' },
  { cmd: 'disconnect', reasonCode: 4, properties: { sessionExpiryInterval: 3 } },
];
const version = fc.constantFrom(4 as const, 5 as const);
const valid = fc
  .tuple(fc.constantFrom(...packets), version)
  .map(([packet, protocolVersion]) => generate(packet, { protocolVersion }));
const damaged = fc
  .tuple(valid, fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 4 }), fc.nat(3))
  .map(([bytes, changes, cut]) => {
    const copy = Buffer.from(bytes);
    for (const [at, value] of changes) copy[at % copy.length] = value;
    return copy.subarray(0, copy.length - cut);
  });
const garbage = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes));

/** A broker that still serves a client after what was thrown at it. */
async function expectAlive(broker: MqttBroker): Promise<void> {
  const client = await RawClient.connect(broker, { clientId: 'sane' });
  await client.subscribe('sane', { qos: 1 });
  await client.publish('sane', 'x', { qos: 1 });
  await client.take(1);
  expect(client.payloads('sane')).toContain('x');
  await client.disconnect();
}

async function throwAt(broker: MqttBroker, connected: boolean, chunks: Buffer[]): Promise<void> {
  const client = connected
    ? await RawClient.connect(broker, { ack: false })
    : new RawClient(broker.stream(), { ack: false });
  for (const chunk of chunks) client.send(chunk);
  client.hangUp();
  await client.end();
}

describe('garbage', () => {
  it.each([
    ['random bytes before CONNECT', false, garbage],
    ['random bytes after CONNECT', true, garbage],
    ['damaged packets before CONNECT', false, damaged],
    ['damaged packets after CONNECT', true, damaged],
    ['valid packets in any order', true, valid],
  ])('%s: nothing thrown, nothing unhandled, the broker lives', async (_, connected, chunk) => {
    const broker = newBroker({ maximumPacketSize: 4096 });
    const run = async (chunks: Buffer[]) => throwAt(broker, connected, chunks);
    await fc.assert(fc.asyncProperty(fc.array(chunk, { minLength: 1, maxLength: 8 }), run), { numRuns: 300 });
    await expectAlive(broker);
    expect(broker.clients).toEqual([]);
    // the runner fails a test during which something is thrown past everybody: it must still be this one
    await new Promise((resolve) => setImmediate(resolve));
  });
});
