import { describe, expect, it } from '@jest/globals';
import { ReasonCode } from '../../lib/testing/index.js';
import { useBrokers } from './support/broker-fixture.js';
import { persistent, RawClient } from './support/raw-client.js';

// Cases of the Eclipse Paho interoperability suite (client_test.py, client_test5.py) that need the broker to be told what to do. The
// others apply to every broker, and are in the files of this folder by what they are about.

const newBroker = useBrokers();

const authorizeSubscribe = ({ filter }: { filter: string }): boolean => filter !== 'test/nosubscribe';

describe('test_server_topic_alias', () => {
  it.each([0, 1, 2] as const)(
    'one alias: the first message names the topic, the later ones the alias (QoS %i)',
    async (qos) => {
      const broker = newBroker({ assignTopicAliases: true });
      const client = await RawClient.connect(broker, { properties: { topicAliasMaximum: 1 } });
      await client.subscribe('TopicA', { qos: 2 });
      for (const payload of '123') broker.publish({ topic: 'TopicA', payload, qos });
      const received = await client.take(3);
      expect(received.map(({ topic, properties }) => [topic, properties?.topicAlias])).toEqual([
        ['TopicA', 1],
        ['', 1],
        ['', 1],
      ]);
    },
  );

  it('none without the option, and none on a connection that has ended', async () => {
    const broker = newBroker({ assignTopicAliases: true });
    const options = { ...persistent(5, 'client'), properties: { topicAliasMaximum: 1, sessionExpiryInterval: 60 } };
    const before = await RawClient.connect(broker, options);
    await before.subscribe('TopicA');
    broker.publish({ topic: 'TopicA' });
    await before.take(1);
    await before.drop(broker);
    const after = await RawClient.connect(broker, options);
    broker.publish({ topic: 'TopicA' });
    expect((await after.take(1))[0]!.topic).toBe('TopicA');
    const plain = await RawClient.connect(newBroker(), { properties: { topicAliasMaximum: 1 } });
    await plain.subscribe('TopicA');
    await plain.publish('TopicA', 'x');
    expect((await plain.take(1))[0]!.properties?.topicAlias).toBeUndefined();
  });
});

describe('test_server_keep_alive', () => {
  it('the CONNACK names it, and it holds instead of what the client asked for', async () => {
    const started = Date.now();
    const client = await RawClient.connect(newBroker({ serverKeepAlive: 1 }), { keepalive: 120 });
    expect(client.connack.properties?.serverKeepAlive).toBe(1);
    expect(await client.disconnected()).toBe(ReasonCode.KEEP_ALIVE_TIMEOUT);
    expect(Date.now() - started).toBeGreaterThanOrEqual(1_400); // one and a half times 1 s
  });

  it('a 3.1.1 client is not told, and keeps its own', async () => {
    const client = await RawClient.connect(newBroker({ serverKeepAlive: 1 }), { v: 4, keepalive: 120 });
    expect(client.connack.properties?.serverKeepAlive).toBeUndefined();
  });
});

describe('test_subscribe_failure', () => {
  it.each([
    [5, ReasonCode.NOT_AUTHORIZED],
    [4, 0x80],
  ] as const)(
    'MQTT version %i: the SUBACK refuses the one filter, with 0x%s, and grants the others',
    async (v, refused) => {
      const broker = newBroker({ authorizeSubscribe });
      const client = await RawClient.connect(broker, { v });
      expect(await client.subscribe(['test/nosubscribe', 'test/other'], { qos: 2 })).toEqual([refused, 2]);
      broker.publish({ topic: 'test/nosubscribe' });
      broker.publish({ topic: 'test/other' });
      expect((await client.take(1)).map(({ topic }) => topic)).toEqual(['test/other']);
    },
  );

  it('with a reason code of the rule’s own', async () => {
    const broker = newBroker({ authorizeSubscribe: () => ReasonCode.QUOTA_EXCEEDED });
    expect(await (await RawClient.connect(broker)).subscribe('t')).toEqual([ReasonCode.QUOTA_EXCEEDED]);
  });
});
