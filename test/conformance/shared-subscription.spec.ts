import { describe, expect, it } from '@jest/globals';
import { ReasonCode, type MqttBroker } from '../../lib/testing/index.js';
import { useBrokers } from './support/broker-fixture.js';
import { persistent, RawClient, type RawOptions, type SubscribeOptions, type Version } from './support/raw-client.js';

const newBroker = useBrokers();

async function member(broker: MqttBroker, options: RawOptions = {}, subscription: SubscribeOptions = { qos: 1 }) {
  const client = await RawClient.connect(broker, options);
  await client.subscribe('$share/g/t', subscription);
  return client;
}

function publishMany(broker: MqttBroker, count: number, qos: 0 | 1 | 2 = 1): string[] {
  const payloads = Array.from({ length: count }, (_, i) => String(i));
  for (const payload of payloads) broker.publish({ topic: 't', payload, qos });
  return payloads;
}

async function counts(...clients: RawClient[]): Promise<number[]> {
  return Promise.all(clients.map(async (client) => (await client.take(0)).length));
}

describe('Shared Subscriptions', () => {
  it.each([
    [5, 0],
    [5, 1],
    [5, 2],
    [4, 1],
  ] as const)('share.balanced-each-once v%i QoS %i: round robin', async (v, qos) => {
    const broker = newBroker();
    const clients = [];
    for (let i = 0; i < 3; i++) clients.push(await member(broker, { v }, { qos }));
    const payloads = publishMany(broker, 30, qos);
    expect(await counts(...clients)).toEqual([10, 10, 10]);
    const all = clients.flatMap((client) => client.payloads());
    expect(all.toSorted((a, b) => Number(a) - Number(b))).toEqual(payloads);
  });

  it('groups and plain subscriptions get a copy each, one client may have both', async () => {
    const broker = newBroker();
    const both = await member(broker, {}, { qos: 1, identifier: 1 });
    await both.subscribe('t', { qos: 1, identifier: 2 });
    const other = await RawClient.connect(broker);
    await other.subscribe('$share/other/+', { qos: 1 });
    expect(broker.publish({ topic: 't', qos: 1 })).toBe(3);
    const identifiers = (await both.take(2)).map(({ properties }) => properties!.subscriptionIdentifier);
    expect(new Set(identifiers)).toEqual(new Set([1, 2]));
    expect(await counts(other)).toEqual([1]);
  });

  it.each([
    ['leaves', async (client: RawClient, _: MqttBroker) => client.disconnect()],
    ['breaks', async (client: RawClient, broker: MqttBroker) => client.drop(broker)],
    ['unsubscribes', async (client: RawClient, _: MqttBroker) => client.unsubscribe('$share/g/t')],
  ])('a member that %s gets nothing more, the others all', async (_, leave) => {
    const broker = newBroker();
    const [first, second, third] = [await member(broker), await member(broker), await member(broker)];
    await leave(second, broker);
    publishMany(broker, 20);
    expect(await counts(first, third)).toEqual([10, 10]);
    expect(second.publishes()).toEqual([]);
  });

  it.each(['ends', 'is taken away'])(
    '[MQTT-4.8.2-4] QoS 1 unacknowledged when a session %s moves to another member',
    async (how) => {
      const broker = newBroker();
      const options = how === 'ends' ? {} : persistent(5, 'stuck');
      const stuck = await member(broker, { ...options, ack: false });
      publishMany(broker, 2);
      await stuck.take(2);
      const other = await member(broker);
      if (how === 'ends') await stuck.drop(broker);
      else broker.faults.endSession('stuck');
      const received = await other.take(2);
      expect(received.map(({ payload, dup }) => `${payload.toString()}${dup}`)).toEqual(['0false', '1false']);
    },
  );

  it('[MQTT-4.8.2-5] QoS 2 on its way to a member belongs to nobody else', async () => {
    const broker = newBroker();
    const stuck = await member(broker, { ack: false }, { qos: 2 });
    const other = await member(broker, {}, { qos: 2 });
    publishMany(broker, 2, 2);
    await stuck.take(1);
    await stuck.drop(broker);
    await other.take(1);
    expect(other.payloads()).toEqual(['1']);
  });

  it('[MQTT-4.8.2-6] a message that a member refuses goes to nobody else', async () => {
    const broker = newBroker();
    const refusing = await member(broker, { ack: false });
    const other = await member(broker);
    broker.publish({ topic: 't', qos: 1 });
    const { messageId } = await refusing.expect('publish');
    const acknowledged = broker.waitFor('acknowledge');
    refusing.send({ cmd: 'puback', messageId, reasonCode: 0x80 });
    await acknowledged;
    await refusing.drop(broker);
    expect(await counts(other)).toEqual([0]);
  });

  it("a member's Receive Maximum is respected, the others take over", async () => {
    const broker = newBroker();
    const slow = await member(broker, { ack: false, properties: { receiveMaximum: 1 } });
    const quick = await member(broker);
    publishMany(broker, 10);
    expect(await counts(slow, quick)).toEqual([1, 9]);
  });

  it('what waits for a busy member moves on when it breaks and another is there', async () => {
    const broker = newBroker();
    const options = {
      ...persistent(5, 'busy'),
      ack: false,
      properties: { sessionExpiryInterval: 60, receiveMaximum: 1 },
    };
    const busy = await member(broker, options);
    publishMany(broker, 3);
    await busy.take(1);
    const other = await member(broker);
    await busy.drop(broker);
    await other.take(2);
    expect(other.payloads()).toEqual(['1', '2']);
    expect(broker.session('busy')).toMatchObject({ queued: 0, inFlight: 1 });
  });

  it('share.offline-persistent-member: dealt to those who are there', async () => {
    const broker = newBroker();
    const away = await member(broker, persistent(5, 'away'));
    const here = await member(broker);
    await away.drop(broker);
    publishMany(broker, 10);
    expect(await counts(here)).toEqual([10]);
    expect(broker.session('away')?.queued).toBe(0);
  });

  it.each([4, 5] as const)(
    'share.all-members-offline-queues v%i: kept for a session while nobody is there',
    async (v) => {
      const broker = newBroker();
      const away = await member(broker, persistent(v, 'away'));
      await away.drop(broker);
      publishMany(broker, 3);
      const back = await RawClient.connect(broker, persistent(v, 'away'));
      await back.take(3);
      expect(back.payloads()).toEqual(['0', '1', '2']);
    },
  );

  it('retained messages are not sent to Shared Subscriptions', async () => {
    const broker = newBroker();
    broker.publish({ topic: 't', payload: 'r', retain: true });
    expect(await counts(await member(broker))).toEqual([0]);
  });

  it('[MQTT-3.8.3-4] No Local is a protocol error', async () => {
    const client = await RawClient.connect(newBroker());
    const subscriptions = [{ topic: '$share/g/t', qos: 0 as const, nl: true }];
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions });
    expect(await client.disconnected()).toBe(ReasonCode.PROTOCOL_ERROR);
  });
});

describe('brokers without Shared Subscriptions', () => {
  const versions: Version[] = [4, 5];

  it.each(versions)('false: v%i: the CONNACK says so, the SUBACK refuses', async (v) => {
    const client = await RawClient.connect(newBroker({ sharedSubscriptions: false }), { v });
    expect(client.connack.properties?.sharedSubscriptionAvailable).toBe(v === 5 ? false : undefined);
    const refused = v === 5 ? ReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED : 0x80;
    expect(await client.subscribe(['$share/g/t', 't'], { qos: 1 })).toEqual([refused, 1]);
  });

  it.each(versions)("'disconnect': v%i: the CONNACK says nothing, the SUBSCRIBE ends the connection", async (v) => {
    const client = await RawClient.connect(newBroker({ sharedSubscriptions: 'disconnect' }), { v });
    expect(client.connack.properties ?? {}).not.toHaveProperty('sharedSubscriptionAvailable');
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '$share/g/t', qos: 1 }] });
    expect(await client.disconnected()).toBe(v === 5 ? ReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED : undefined);
  });

  it.each(versions)("'silent': v%i: granted, and nothing ever comes", async (v) => {
    const broker = newBroker({ sharedSubscriptions: 'silent' });
    const client = await RawClient.connect(broker, { v });
    expect(await client.subscribe(['$share/g/t', 'plain'], { qos: 1 })).toEqual([1, 1]);
    expect(broker.publish({ topic: 't', qos: 1 })).toBe(0);
    broker.publish({ topic: 'plain', qos: 1 });
    await client.take(1);
    expect(client.publishes().map(({ topic }) => topic)).toEqual(['plain']);
  });
});
