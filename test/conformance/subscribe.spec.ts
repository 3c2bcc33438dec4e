import { describe, expect, it } from '@jest/globals';
import { ReasonCode } from '../../lib/testing/index.js';
import { useBrokers } from './support/broker-fixture.js';
import { persistent, RawClient } from './support/raw-client.js';

const newBroker = useBrokers();

describe('SUBSCRIBE and UNSUBSCRIBE', () => {
  it.each([
    ['a/+/x', ['a/b/x'], ['a/x', 'a/b/c/x']],
    ['a/#', ['a', 'a/b', 'a/b/c'], ['ab', 'b/a']],
    ['+', ['a'], ['/a', 'a/b']],
    ['#', ['a', '/a'], ['$SYS/a']], // [MQTT-4.7.2-1]
    ['+/a', ['x/a'], ['$x/a']],
    ['$x/#', ['$x/a'], ['x/a']],
  ])('[MQTT-4.7.1] %s matches %j and not %j', async (filter, matching, others) => {
    const broker = newBroker();
    const client = await RawClient.connect(broker);
    await client.subscribe(filter);
    for (const topic of [...others, ...matching]) broker.publish({ topic });
    await client.take(matching.length);
    expect(client.publishes().map(({ topic }) => topic)).toEqual(matching);
  });

  it.each([
    [5, ReasonCode.TOPIC_FILTER_INVALID],
    [4, 0x80],
  ] as const)('[MQTT-4.7.1-1] [MQTT-4.8.2-1] v%i: invalid filters are refused one by one', async (v, code) => {
    const client = await RawClient.connect(newBroker(), { v });
    const filters = ['ok', 'a/#/b', 'a+', '', '$share/g', '$share//t', '$share/g/', '$share/g+/t', 'ok/too'];
    expect(await client.subscribe(filters, { qos: 1 })).toEqual([1, ...Array<number>(7).fill(code), 1]);
  });

  it.each([
    [5, [0x87, 0x97, 1, 0x80]],
    [4, [0x80, 0x80, 1, 0x80]],
  ] as const)('v%i: authorizeSubscribe decides filter by filter', async (v, expected) => {
    const verdicts = new Map<string, boolean | number>([
      ['no', false],
      ['quota', 0x97],
      ['yes', true],
      ['odd', 12],
    ]);
    const broker = newBroker({ authorizeSubscribe: async ({ filter }) => Promise.resolve(verdicts.get(filter)!) });
    const client = await RawClient.connect(broker, { v });
    expect(await client.subscribe([...verdicts.keys()], { qos: 1 })).toEqual(expected);
    expect(broker.session(client.clientId)?.subscriptions.map(({ filter }) => filter)).toEqual(['yes']);
  });

  it('[MQTT-3.10.4-4] [MQTT-3.10.4-5] UNSUBSCRIBE ends deliveries, and tells whether there was a subscription', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker);
    await client.subscribe(['a', 'a/#']);
    expect(await client.unsubscribe('a')).toEqual([0]);
    expect(await client.unsubscribe('a')).toEqual([ReasonCode.NO_SUBSCRIPTION_EXISTED]);
    expect(broker.publish({ topic: 'a' })).toBe(1);
    expect(await client.unsubscribe('a/#')).toEqual([0]);
    expect(broker.publish({ topic: 'a' })).toBe(0);
  });

  it('[MQTT-3.8.4-3] subscribing again replaces the subscription', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker);
    await client.subscribe('t', { qos: 2, identifier: 1 });
    await client.subscribe('t', { qos: 0, identifier: 2 });
    broker.publish({ topic: 't', qos: 2 });
    const received = await client.take(1);
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ qos: 0, properties: { subscriptionIdentifier: 2 } });
  });
});

describe('overlapping subscriptions', () => {
  const subscriptions = [
    { filter: 'a/#', qos: 0, identifier: 1 },
    { filter: 'a/+', qos: 2, identifier: 2 },
    { filter: 'a/b', qos: 1, identifier: 3 },
  ] as const;

  it("[MQTT-3.3.4-2] [MQTT-3.3.4-4] overlap 'merge': one copy, highest QoS, all identifiers", async () => {
    const broker = newBroker({ overlap: 'merge' });
    const client = await RawClient.connect(broker);
    for (const { filter, ...options } of subscriptions) await client.subscribe(filter, options);
    broker.publish({ topic: 'a/b', qos: 2 });
    const received = await client.take(1);
    expect(received).toHaveLength(1);
    expect(received[0]!.qos).toBe(2);
    const identifiers = [received[0]!.properties!.subscriptionIdentifier!].flat();
    expect(identifiers.toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
  });

  it("[MQTT-3.3.4-2] overlap 'each': a copy for every subscription, with its QoS and identifier", async () => {
    const broker = newBroker({ overlap: 'each' });
    const client = await RawClient.connect(broker);
    for (const { filter, ...options } of subscriptions) await client.subscribe(filter, options);
    broker.publish({ topic: 'a/b', qos: 2 });
    const received = await client.take(3);
    const copies = received.map(({ qos, properties }) => ({ qos, identifier: properties!.subscriptionIdentifier }));
    expect(copies.toSorted((a, b) => Number(a.identifier) - Number(b.identifier))).toEqual([
      { qos: 0, identifier: 1 },
      { qos: 2, identifier: 2 },
      { qos: 1, identifier: 3 },
    ]);
  });

  it('[MQTT-3.3.4-3] without identifiers there is none', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker);
    await client.subscribe('t');
    broker.publish({ topic: 't' });
    const [packet] = await client.take(1);
    expect(packet!.properties ?? {}).not.toHaveProperty('subscriptionIdentifier');
  });

  it('Subscription Identifiers that are not available are a protocol error (0xA1)', async () => {
    const client = await RawClient.connect(newBroker({ subscriptionIdentifiers: false }));
    client.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [{ topic: 't', qos: 0 }],
      properties: { subscriptionIdentifier: 1 },
    });
    expect(await client.disconnected()).toBe(ReasonCode.SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED);
  });
});

describe('subscription options', () => {
  it('[MQTT-3.8.3-3] No Local keeps a client from hearing itself, also from its queue', async () => {
    const broker = newBroker();
    const client = await RawClient.connect(broker, persistent(5, 'talker'));
    await client.subscribe('t', { nl: true, qos: 1 });
    await client.publish('t', 'own', { qos: 1 });
    expect(broker.session('talker')).toMatchObject({ queued: 0, inFlight: 0 });
    await (await RawClient.connect(broker)).publish('t', 'other', { qos: 1 });
    await client.take(1);
    expect(client.payloads()).toEqual(['other']);
  });

  it.each([
    [true, true],
    [false, false],
  ])('[MQTT-3.3.1-12] [MQTT-3.3.1-13] Retain As Published %s: RETAIN %s', async (rap, retain) => {
    const broker = newBroker();
    const client = await RawClient.connect(broker);
    await client.subscribe('t', { rap });
    broker.publish({ topic: 't', payload: 'r', retain: true });
    const [packet] = await client.take(1);
    expect(packet!.retain).toBe(retain);
  });

  it.each([
    [0, [1, 2]],
    [1, [1, 1]],
    [2, [0, 0]],
  ])(
    '[MQTT-3.3.1-9] to [MQTT-3.3.1-11] Retain Handling %i: %j retained after subscribing, and again',
    async (rh, counts) => {
      const broker = newBroker();
      broker.publish({ topic: 't', payload: 'r', retain: true });
      const client = await RawClient.connect(broker);
      const seen: number[] = [];
      for (let i = 0; i < 2; i++) {
        await client.subscribe('t', { rh });
        await client.ping();
        seen.push(client.publishes().length);
      }
      expect(seen).toEqual(counts);
    },
  );
});

describe('retained messages', () => {
  it.each([4, 5] as const)('v%i: [MQTT-3.3.1-5] kept, [MQTT-3.3.1-6] and removed by an empty one', async (v) => {
    const broker = newBroker();
    const publisher = await RawClient.connect(broker, { v });
    await publisher.publish('t', 'old', { qos: 1, retain: true });
    await publisher.publish('t', 'r', { qos: 1, retain: true });
    const subscriber = await RawClient.connect(broker, { v });
    await subscriber.subscribe('t', { qos: 1 });
    const [packet] = await subscriber.take(1);
    expect([packet!.payload.toString(), packet!.retain, packet!.qos]).toEqual(['r', true, 1]);
    await publisher.publish('t', '', { qos: 1, retain: true });
    expect(broker.retained('t')).toBeUndefined();
    const late = await RawClient.connect(broker, { v });
    await late.subscribe('t');
    expect(await late.take(0)).toEqual([]);
  });

  it('a wildcard filter gets all that match, with properties and Subscription Identifier', async () => {
    const broker = newBroker();
    for (let i = 0; i < 20; i++) {
      broker.publish({ topic: `r/${i}`, payload: 'x', retain: true, properties: { contentType: 'a/b' } });
    }
    broker.publish({ topic: 'other', payload: 'x', retain: true });
    const client = await RawClient.connect(broker);
    await client.subscribe('r/+', { identifier: 5 });
    const received = await client.take(20);
    expect(received).toHaveLength(20);
    expect(received.every(({ retain }) => retain)).toBe(true);
    expect(received[0]!.properties).toMatchObject({ contentType: 'a/b', subscriptionIdentifier: 5 });
  });

  it('[MQTT-3.2.2-14] RETAIN where there is none is a protocol error', async () => {
    const client = await RawClient.connect(newBroker({ retainAvailable: false }));
    client.sendPublish('t', 'x', { retain: true });
    expect(await client.disconnected()).toBe(ReasonCode.RETAIN_NOT_SUPPORTED);
  });

  it('a retained message that has expired is gone', async () => {
    const broker = newBroker();
    broker.publish({ topic: 't', payload: 'x', retain: true, properties: { messageExpiryInterval: 0 } });
    await new Promise((resolve) => setTimeout(resolve, 5)); // an expiry of no time at all, and a little more
    const client = await RawClient.connect(broker);
    await client.subscribe('t');
    expect(await client.take(0)).toEqual([]);
  });
});
