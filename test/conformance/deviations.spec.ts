import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { ReasonCode, type MqttBroker } from '../../lib/testing/index.js';
import { useBrokers } from './support/broker-fixture.js';
import { persistent, RawClient } from './support/raw-client.js';

const newBroker = useBrokers();

/** A client that refuses the two messages of four that it may get. */
async function refuseTwo(broker: MqttBroker): Promise<RawClient> {
  const client = await RawClient.connect(broker, {
    ...persistent(5, 'client'),
    ack: false,
    properties: { sessionExpiryInterval: 60, receiveMaximum: 2 },
  });
  await client.subscribe('t', { qos: 2 });
  for (const payload of 'abcd') broker.publish({ topic: 't', payload, qos: 2 });
  await client.take(2);
  for (const { messageId } of client.publishes()) client.send({ cmd: 'pubrec', messageId, reasonCode: 0x83 });
  await client.ping();
  return client;
}

describe('keepsQuotaAfterRefusal', () => {
  it('a refusing PUBREC gives nothing back, until the session is resumed', async () => {
    const broker = newBroker({ keepsQuotaAfterRefusal: true });
    const client = await refuseTwo(broker);
    expect(client.payloads()).toEqual(['a', 'b']);
    await client.drop(broker);
    const again = await RawClient.connect(broker, { ...persistent(5, 'client'), ack: false });
    await again.take(2);
    expect(again.payloads()).toEqual(['c', 'd']);
  });

  it('by default it does (section 4.9)', async () => {
    expect((await refuseTwo(newBroker())).payloads()).toEqual(['a', 'b', 'c', 'd']);
  });
});

it('hangsUpOverRefusals: the connection ends over a refusing PUBACK, and the message is delivered again', async () => {
  const broker = newBroker({ hangsUpOverRefusals: true });
  const client = await RawClient.connect(broker, { ...persistent(5, 'client'), ack: false });
  await client.subscribe('t', { qos: 1 });
  broker.publish({ topic: 't', payload: 'a', qos: 1 });
  const { messageId } = await client.expect('publish');
  client.send({ cmd: 'puback', messageId, reasonCode: 0x83 });
  expect(await client.disconnected()).toBe(ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR);
  const again = await RawClient.connect(broker, persistent(5, 'client'));
  expect((await again.expect('publish')).dup).toBe(true);
});

describe('identifiers of copies', () => {
  it.each([
    [{}, [[1, 2], 3]],
    [
      { copyIdentifiers: 'all' },
      [
        [1, 2],
        [3, 1, 2],
      ],
    ],
    [{ copyIdentifiers: 'one' }, [1, 3]],
    [{ overlap: 'each' }, [1, 2, 3]],
    [
      { overlap: 'each', copyIdentifiers: 'all' },
      [
        [1, 2],
        [1, 2],
        [3, 1, 2],
      ],
    ],
    [{ overlap: 'each', copyIdentifiers: 'one' }, [1, 1, 3]],
    [{ sharedIdentifiers: false }, [[1, 2], undefined]],
    [
      { overlap: 'each', copyIdentifiers: 'all', sharedIdentifiers: false },
      [
        [1, 2],
        [1, 2],
        [1, 2],
      ],
    ],
  ] as const)('with %j a message of the subscriptions 1 and 2, and of the group 3, has %j', async (options, due) => {
    const broker = newBroker(options);
    const client = await RawClient.connect(broker);
    await client.subscribe('a/b', { identifier: 1 });
    await client.subscribe('a/+', { identifier: 2 });
    await client.subscribe('$share/g/a/b', { identifier: 3 });
    broker.publish({ topic: 'a/b' });
    const copies = await client.take(due.length);
    expect(copies.map(({ properties }) => properties?.subscriptionIdentifier)).toEqual(due);
  });
});

describe('Shared Subscriptions', () => {
  it("'refused': the CONNACK does not say so, the SUBACK does", async () => {
    const client = await RawClient.connect(newBroker({ sharedSubscriptions: 'refused' }));
    expect(client.connack.properties?.sharedSubscriptionAvailable).toBeUndefined();
    expect(await client.subscribe('$share/g/a')).toEqual([ReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED]);
  });

  it('sharedSubscriptionsOn311 is for 3.1.1 alone', async () => {
    const broker = newBroker({ sharedSubscriptions: false, sharedSubscriptionsOn311: 'silent' });
    const [v5, v4] = [await RawClient.connect(broker), await RawClient.connect(broker, { v: 4 })];
    expect(await v5.subscribe('$share/g/a')).toEqual([ReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED]);
    expect(await v4.subscribe('$share/g/a')).toEqual([0]);
    broker.publish({ topic: 'a' });
    expect(await v4.take(0)).toEqual([]);
  });
});

it.each([
  [{ losesSharedInBatches: true }, ['b', 'c']],
  [{}, ['a', 'b', 'c']],
])('%j: Shared Subscriptions beside other filters in a SUBSCRIBE get nothing, if so', async (options, delivered) => {
  const broker = newBroker(options);
  const client = await RawClient.connect(broker);
  expect(await client.subscribe(['$share/g/a', 'b'], { qos: 1 })).toEqual([1, 1]);
  expect(await client.subscribe(['$share/g/c'], { qos: 1 })).toEqual([1]);
  for (const topic of ['a', 'b', 'c']) broker.publish({ topic, payload: topic, qos: 1 });
  await client.take(delivered.length);
  await client.ping();
  expect(client.payloads()).toEqual(delivered);
});

describe('limits', () => {
  it('maximumFiltersPerSubscribe: the connection ends over one more', async () => {
    const client = await RawClient.connect(newBroker({ maximumFiltersPerSubscribe: 2 }));
    expect(await client.subscribe(['a', 'b'])).toEqual([0, 0]);
    client.send({ cmd: 'subscribe', messageId: 9, subscriptions: ['a', 'b', 'c'].map((topic) => ({ topic, qos: 0 })) });
    expect(await client.disconnected()).toBe(ReasonCode.QUOTA_EXCEEDED);
  });

  it('maximumSubscriptions: one more is refused, those that are there may be renewed', async () => {
    const client = await RawClient.connect(newBroker({ maximumSubscriptions: 2 }));
    expect(await client.subscribe(['a', 'b', 'c', 'a'])).toEqual([0, 0, ReasonCode.QUOTA_EXCEEDED, 0]);
  });

  it.each([{ maximumTopicLevels: 3 }, { maximumTopicBytes: 5 }])(
    '%j: of Topic Names and Topic Filters',
    async (options) => {
      const client = await RawClient.connect(newBroker(options));
      expect(await client.subscribe(['a/b/c', '$share/group/a/b/c', 'a/b/c/d'])).toEqual([
        0,
        0,
        ReasonCode.TOPIC_FILTER_INVALID,
      ]);
      expect(await client.publish('a/b/c', '', { qos: 1 })).toBe(0);
      expect(await client.publish('a/b/c/d', '', { qos: 1 })).toBe(ReasonCode.TOPIC_NAME_INVALID);
    },
  );

  it('sessionsPerUser: one more is refused, although the other client is away', async () => {
    const broker = newBroker({ sessionsPerUser: 1 });
    const first = await RawClient.connect(broker, { ...persistent(5, 'first'), username: 'user' });
    await first.drop(broker);
    const second = RawClient.open(broker, { clientId: 'second', username: 'user' });
    expect((await second.expect('connack')).reasonCode).toBe(ReasonCode.QUOTA_EXCEEDED);
    const again = await RawClient.connect(broker, { ...persistent(5, 'first'), username: 'user' });
    expect(again.connack.sessionPresent).toBe(true);
    await RawClient.connect(broker, { clientId: 'third', username: 'somebody else' });
  });

  it('assignsClientIds: false refuses an empty Client Identifier', async () => {
    const client = RawClient.open(newBroker({ assignsClientIds: false }), { clientId: '' });
    expect((await client.expect('connack')).reasonCode).toBe(ReasonCode.CLIENT_IDENTIFIER_NOT_VALID);
  });

  it.each([
    [0, 1_200],
    [1_201, 1_200],
    [1_200, undefined],
    [60, undefined],
  ])('maximumKeepAlive: who asks for %d s gets the Server Keep Alive %j', async (keepalive, due) => {
    const client = await RawClient.connect(newBroker({ maximumKeepAlive: 1_200 }), { keepalive });
    expect(client.connack.properties?.serverKeepAlive).toBe(due);
  });
});

describe('ends of connections', () => {
  it('hangsUpOverForbidden: over a publish and a subscription that is refused', async () => {
    const broker = newBroker({
      hangsUpOverForbidden: true,
      authorizePublish: () => false,
      authorizeSubscribe: () => false,
    });
    const [publisher, subscriber] = [await RawClient.connect(broker), await RawClient.connect(broker)];
    publisher.sendPublish('t', '', { qos: 1 });
    subscriber.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 0 }] });
    for (const client of [publisher, subscriber]) expect(await client.disconnected()).toBe(ReasonCode.NOT_AUTHORIZED);
  });

  it.each([
    ['the Topic Name', 'a\u0001', {}],
    ['a User Property', 'a', { userProperties: { site: '\uffff' } }],
    ['the Content Type', 'a', { contentType: 'text\u007f' }],
  ])('hangsUpOverDiscouragedCharacters: in %s', async (_where, topic, properties) => {
    const client = await RawClient.connect(newBroker({ hangsUpOverDiscouragedCharacters: true }));
    client.sendPublish(topic, '', { properties });
    expect(await client.disconnected()).toBe(ReasonCode.MALFORMED_PACKET);
    const tolerant = await RawClient.connect(newBroker());
    expect(await tolerant.publish(topic, '', { qos: 1, properties })).toBe(ReasonCode.NO_MATCHING_SUBSCRIBERS);
  });

  it('announcesTakeover: false ends the older connection without a word', async () => {
    const broker = newBroker({ announcesTakeover: false });
    const older = await RawClient.connect(broker, { clientId: 'client' });
    await RawClient.connect(broker, { clientId: 'client' });
    expect(await older.disconnected()).toBeUndefined();
  });
});

describe('retained messages', () => {
  it.each([
    [{}, ['a/b', 'a/+']],
    [{ retainedForWildcards: false }, ['a/b']],
    [{ retainedForShared: true }, ['a/b', 'a/+', '$share/g/a/b']],
  ])('with %j new subscriptions to %j get them', async (options, due) => {
    const broker = newBroker(options);
    broker.publish({ topic: 'a/b', payload: 'x', retain: true });
    const getting: string[] = [];
    for (const filter of ['a/b', 'a/+', '$share/g/a/b']) {
      const client = await RawClient.connect(broker);
      await client.subscribe(filter);
      if ((await client.take(0)).length > 0) getting.push(filter);
    }
    expect(getting).toEqual(due);
  });
});

it('malformedPuback: the PUBACK of a message with User Properties has the reason code 0x01', async () => {
  const client = await RawClient.connect(newBroker({ malformedPuback: true }));
  await client.publish('t', '', { qos: 1 });
  client.bytes = Buffer.alloc(0);
  const { messageId } = client.sendPublish('t', '', { qos: 1, properties: { userProperties: { a: 'b' } } });
  // PUBACK, 11 bytes, Packet Identifier, 0x01, 7 bytes of properties: a User Property a=b
  const puback = [0x40, 11, 0, messageId!, 0x01, 7, 0x26, 0, 1, 0x61, 0, 1, 0x62];
  while (client.bytes.length < puback.length) await turn(); // a parser, and so ping(), is of no use any more
  expect([...client.bytes.subarray(0, puback.length)]).toEqual(puback);
});
