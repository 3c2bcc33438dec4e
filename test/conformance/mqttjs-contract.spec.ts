import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { IClientOptions, IPublishPacket, MqttClient, Packet } from 'mqtt';
import { writeToStream, type ISubackPacket } from 'mqtt-packet';
import { resolveConnection } from '../../lib/options/connection-options.js';
import type { MqttBroker } from '../../lib/testing/index.js';
import { createMqttClient, endMqttClient } from '../../lib/wire/mqtt-client.js';
import { deepFrozen } from '../unit/options/problems.js';
import { useBrokers } from './support/broker-fixture.js';
import { nextEvent } from './support/mqttjs-event.js';
import { persistent, RawClient } from './support/raw-client.js';

/*
 * What lib/wire leans on in MQTT.js beyond what it documents, each thing by itself. When a new version of MQTT.js fails here, read
 * lib/wire with it in hand before package.json lets it in.
 */

const newBroker = useBrokers();
const clients: MqttClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map(endMqttClient));
});

const versions = [4, 5] as const;
type Version = (typeof versions)[number];

/** A client as this transport makes it, not connected yet. */
async function newClient(broker: MqttBroker, v: Version, options: IClientOptions = {}): Promise<MqttClient> {
  const url = await broker.listen();
  const client = createMqttClient(resolveConnection({ ...options, url, protocolVersion: v }));
  client.on('error', () => {});
  clients.push(client);
  return client;
}

async function connected(client: MqttClient): Promise<MqttClient> {
  client.connect();
  await nextEvent(client, 'connect');
  return client;
}

function sessionOf(v: Version, clientId: string): IClientOptions {
  return { clientId, clean: false, ...(v === 5 ? { properties: { sessionExpiryInterval: 60 } } : {}) };
}

/** Shows packets to MQTT.js as QoS 0, the way DeferredAcknowledgement does. */
function deferAcknowledgements(client: MqttClient): { qos: number[]; sent: Packet[] } {
  const seen: { qos: number[]; sent: Packet[] } = { qos: [], sent: [] };
  client.prependListener('packetreceive', (packet) => {
    if (packet.cmd !== 'publish') return;
    seen.qos.push(packet.qos);
    packet.qos = 0;
  });
  client.on('packetsend', (packet) => seen.sent.push(packet));
  return seen;
}

function messages(client: MqttClient, count: number): Promise<[string, Buffer, IPublishPacket][]> {
  const received: [string, Buffer, IPublishPacket][] = [];
  return new Promise((resolve) => {
    client.on('message', (...message) => {
      received.push(message);
      if (received.length === count) resolve(received);
    });
  });
}

function sentKinds(packets: readonly Packet[]): string[] {
  return packets.map(({ cmd }) => cmd);
}

describe.each(versions)('MQTT.js on protocol version %i', (v) => {
  describe('inbound messages', () => {
    it('emits packetreceive and message of a packet one after the other in one go, with one and the same packet', async () => {
      const broker = newBroker();
      const client = await connected(await newClient(broker, v));
      await client.subscribeAsync('a', { qos: 2 });
      const order: string[] = [];
      let packet: Packet | undefined;
      client.prependListener('packetreceive', (received) => {
        if (received.cmd !== 'publish') return;
        packet = received;
        order.push(`packetreceive ${received.payload.toString()}`);
        queueMicrotask(() => order.push('a microtask later'));
        process.nextTick(() => order.push('a tick later'));
      });
      client.prependListener('message', (_topic, payload, received) => {
        expect(received).toBe(packet);
        order.push(`message ${payload.toString()}`);
      });
      const all = messages(client, 3);
      for (const payload of ['1', '2', '3']) broker.publish({ topic: 'a', payload, qos: 0 });
      await all;
      const emitted = order.filter((entry) => !entry.endsWith('later'));
      expect(emitted).toEqual(['1', '2', '3'].flatMap((n) => [`packetreceive ${n}`, `message ${n}`]));
      for (const [i, entry] of order.entries())
        expect(entry.startsWith('packetreceive') ? order[i + 1] : 'message').toMatch(/^message/);
    });

    it.each([1, 2] as const)(
      'neither acknowledges nor stores a QoS %i message that it is shown as QoS 0, and goes on',
      async (qos) => {
        const broker = newBroker();
        const client = await newClient(broker, v, { clientId: 'deferring' });
        const seen = deferAcknowledgements(client);
        await connected(client);
        await client.subscribeAsync('a', { qos });
        const put = jest.spyOn(client.incomingStore, 'put');
        const all = messages(client, 5);
        for (let i = 0; i < 5; i++) broker.publish({ topic: 'a', payload: `${i}`, qos });
        const received = await all;
        await client.publishAsync('b', 'the connection is alive', { qos: 1 });
        expect(received.map(([, payload]) => payload.toString())).toEqual(['0', '1', '2', '3', '4']);
        expect(received.every(([, , { messageId }]) => messageId! > 0)).toBe(true);
        expect(seen.qos).toEqual([qos, qos, qos, qos, qos]);
        expect(
          sentKinds(seen.sent).filter((cmd) => cmd !== 'publish' && cmd !== 'subscribe' && cmd !== 'connect'),
        ).toEqual([]);
        expect(put).not.toHaveBeenCalled();
        expect(broker.session('deferring')).toMatchObject({ connected: true });
      },
    );

    it('answers the PUBREL of a message that it does not hold with PUBCOMP', async () => {
      const broker = newBroker();
      const client = await newClient(broker, v, { clientId: 'deferring' });
      const seen = deferAcknowledgements(client);
      client.on('message', (_topic, _payload, { messageId }) => {
        writeToStream({ cmd: 'pubrec', messageId, reasonCode: 0 }, client.stream, { protocolVersion: v });
      });
      await connected(client);
      await client.subscribeAsync('a', { qos: 2 });
      const completed = broker.waitFor('acknowledge', ({ cmd }) => cmd === 'pubcomp');
      broker.publish({ topic: 'a', payload: 'x', qos: 2 });
      await completed;
      expect(sentKinds(seen.sent)).not.toContain('pubrec');
    });

    it('lets an acknowledgement be written on its stream at any later time', async () => {
      const broker = newBroker();
      const client = await newClient(broker, v);
      deferAcknowledgements(client);
      await connected(client);
      await client.subscribeAsync('a', { qos: 1 });
      const all = messages(client, 2);
      broker.publish({ topic: 'a', payload: 'first', qos: 1 });
      broker.publish({ topic: 'a', payload: 'second', qos: 1 });
      const acknowledged: string[] = [];
      broker.on('acknowledge', ({ message }) => acknowledged.push(message.payload.toString()));
      for (const [, , { messageId }] of await all)
        writeToStream({ cmd: 'puback', messageId, reasonCode: 0 }, client.stream, { protocolVersion: v });
      await client.publishAsync('b', 'x', { qos: 1 });
      expect(acknowledged).toEqual(['first', 'second']);
    });
  });

  describe('sessions and reconnecting', () => {
    it('connects when it is told to, not by itself, neither at first nor after it lost the connection', async () => {
      const broker = newBroker();
      const client = await newClient(broker, v, { clientId: 'told' });
      const connects: string[] = [];
      broker.on('connect', ({ clientId }) => connects.push(clientId));
      expect(client.stream).toBeUndefined();
      await connected(client);
      const closed = nextEvent(client, 'close');
      broker.faults.drop('told');
      await closed;
      expect(client.connected).toBe(false);
      await connected(client);
      expect(connects).toEqual(['told', 'told']);
    });

    it('keeps the stream of a lost connection until it connects again', async () => {
      const broker = newBroker();
      const client = await connected(await newClient(broker, v, { clientId: 'lost' }));
      const { stream } = client;
      const closed = nextEvent(client, 'close');
      broker.faults.drop('lost');
      await closed;
      expect(client.stream).toBe(stream);
      expect(stream.destroyed || stream.writableEnded).toBe(true);
      await connected(client);
      expect(client.stream).not.toBe(stream);
    });

    it.each([1, 2] as const)(
      'keeps what is under way at QoS %i and sends it again, before "connect" and after the CONNACK',
      async (qos) => {
        const broker = newBroker();
        const client = await connected(await newClient(broker, v, sessionOf(v, 'resending')));
        const settled = jest.fn();
        const remove = broker.faults.withhold('out', qos === 1 ? 'puback' : 'pubrec');
        const published = broker.waitFor('publish', ({ message }) => message.topic === 'a');
        client.publish('a', 'x', { qos }, settled);
        const id = client.getLastMessageId();
        await published;
        const closed = nextEvent(client, 'close');
        broker.faults.drop('resending');
        await closed;
        remove();
        const order: string[] = [];
        client.prependListener('packetreceive', ({ cmd }) => order.push(`receive ${cmd}`));
        client.on('packetsend', (packet) => {
          if (packet.cmd === 'publish') order.push(`send ${packet.messageId}`);
        });
        const acknowledged = new Promise<void>((resolve) => {
          settled.mockImplementation(() => resolve());
        });
        client.on('connect', () => order.push('connect'));
        client.connect();
        await acknowledged;
        expect(settled).toHaveBeenCalledTimes(1);
        expect(settled.mock.calls[0]![0] ?? null).toBeNull();
        expect(order.slice(0, 2)).toEqual(['receive connack', `send ${id}`]);
      },
    );

    it('asks for no subscription again by itself', async () => {
      const broker = newBroker();
      const client = await connected(await newClient(broker, v, { clientId: 'asking' }));
      await client.subscribeAsync('a');
      const closed = nextEvent(client, 'close');
      broker.faults.drop('asking');
      await closed;
      const sent: Packet[] = [];
      client.on('packetsend', (packet) => sent.push(packet));
      await connected(client);
      await client.publishAsync('b', 'x', { qos: 1 });
      expect(sentKinds(sent)).toEqual(['connect', 'publish']);
    });

    it('emits packetreceive of a refused CONNACK before it closes', async () => {
      const broker = newBroker();
      broker.faults.refuseConnections(0x87);
      const client = await newClient(broker, v);
      const order: string[] = [];
      client.prependListener('packetreceive', (packet) => {
        if (packet.cmd === 'connack') order.push(`connack ${packet.reasonCode || packet.returnCode}`);
      });
      client.on('close', () => order.push('close'));
      client.on('connect', () => order.push('connect'));
      const closed = new Promise((resolve) => client.on('close', () => resolve(undefined)));
      client.connect();
      await closed;
      expect(order).toEqual([v === 5 ? 'connack 135' : 'connack 5', 'close']);
    });

    it('emits packetreceive of an accepted CONNACK before "connect", and before it hands out what a resumed session delivers', async () => {
      const broker = newBroker();
      const first = await RawClient.connect(broker, persistent(v, 'resuming'));
      await first.subscribe('a', { qos: 1 });
      await first.disconnect();
      broker.publish({ topic: 'a', payload: 'kept', qos: 1 });
      const client = await newClient(broker, v, sessionOf(v, 'resuming'));
      const order: string[] = [];
      client.prependListener('packetreceive', (packet) => {
        if (packet.cmd === 'connack') order.push(`connack ${packet.sessionPresent}`);
      });
      client.on('connect', () => order.push('connect'));
      client.on('message', () => order.push('message'));
      const all = messages(client, 1);
      client.connect();
      await all;
      expect(order[0]).toBe('connack true');
      expect(order).toContain('message');
    });

    it('sends the credentials that its options hold when it connects', async () => {
      const seen: (string | undefined)[] = [];
      const broker = newBroker({
        authenticate: ({ username, password }) => seen.push(`${username}:${password?.toString()}`) > 0,
      });
      const client = await newClient(broker, v, { clientId: 'renewing' });
      for (const password of ['old', 'new']) {
        Object.assign(client.options, { username: 'me', password });
        await connected(client);
        const closed = nextEvent(client, 'close');
        broker.faults.drop('renewing');
        await closed;
      }
      expect(seen).toEqual(['me:old', 'me:new']);
    });
  });

  describe('publishing and subscribing', () => {
    it('gives the latest identifier to the message that was published last', async () => {
      const broker = newBroker();
      const client = await connected(await newClient(broker, v));
      const sent: [number | undefined, string][] = [];
      client.on('packetsend', (packet) => {
        if (packet.cmd === 'publish') sent.push([packet.messageId, packet.payload.toString()]);
      });
      const ids = [1, 2, 1].map((qos, i) => {
        client.publish('a', `${i}`, { qos: qos as 1 | 2 });
        return [client.getLastMessageId(), `${i}`];
      });
      await client.publishAsync('a', 'last', { qos: 1 });
      expect(sent.slice(0, 3)).toEqual(ids);
    });

    it('calls back once for every message, in whatever order the acknowledgements come', async () => {
      const broker = newBroker();
      const client = await connected(await newClient(broker, v));
      const done = await Promise.all(
        Array.from({ length: 50 }, (_, i) => client.publishAsync('a', `${i}`, { qos: i % 2 === 0 ? 1 : 2 })),
      );
      expect(done).toHaveLength(50);
    });

    it('gives the SUBACK to the callback of a list, refused filters included', async () => {
      const broker = newBroker();
      broker.faults.refuseSubscriptions('refused', 0x87);
      const client = await connected(await newClient(broker, v));
      const suback = await new Promise<ISubackPacket | undefined>((resolve) => {
        client.subscribe(['granted', 'refused', 'a/#'], { qos: 1 }, (_error, _granted, packet) => resolve(packet));
      });
      expect(suback?.granted).toEqual([1, v === 5 ? 0x87 : 0x80, 1]);
    });

    it('calls back with an error when the connection ends before the SUBACK', async () => {
      const broker = newBroker();
      const client = await connected(await newClient(broker, v, { clientId: 'asking' }));
      broker.faults.drop('asking', { after: { direction: 'in', match: 'subscribe' } });
      const outcome = await new Promise((resolve) => {
        client.subscribe(['a'], { qos: 1 }, (error, _granted, suback) => resolve({ error, suback }));
      });
      expect(outcome).toMatchObject({ error: expect.any(Error), suback: undefined });
    });

    it('leaves a SUBSCRIBE with its options and filters as they are', async () => {
      const broker = newBroker();
      const client = await connected(await newClient(broker, v));
      const asked = broker.waitFor('subscribe');
      const filters = ['resubscribe', '$share/g/a', 'b/#'];
      client.subscribe(Object.freeze(filters) as string[], Object.freeze({ qos: 1 as const }));
      expect((await asked).filters).toEqual(filters);
    });
  });

  it('ends with DISCONNECT, says so by packetsend, and calls back', async () => {
    const broker = newBroker();
    const client = await connected(await newClient(broker, v, { clientId: 'ending' }));
    const sent: Packet[] = [];
    client.on('packetsend', (packet) => sent.push(packet));
    const gone = broker.waitFor('disconnect', ({ clientId }) => clientId === 'ending');
    await new Promise<void>((resolve) => {
      client.end(false, () => resolve());
    });
    expect(await gone).toMatchObject({ by: 'client' });
    expect(sentKinds(sent)).toEqual(['disconnect']);
  });

  it('writes into nothing that it was given: options of the transport are frozen', async () => {
    const broker = newBroker();
    const will = { topic: 'w', payload: Buffer.from('gone'), qos: 1 as const, retain: false };
    const options = deepFrozen<IClientOptions>({
      ...sessionOf(v, 'frozen'),
      will: v === 5 ? { ...will, properties: { contentType: 'text/plain' } } : will,
    });
    const client = await connected(await newClient(broker, v, options));
    expect(broker.session('frozen')).toMatchObject({ connected: true });
    const willed = broker.waitFor('publish', ({ will: isWill }) => isWill);
    client.stream.destroy();
    expect((await willed).message.topic).toBe('w');
  });
});

describe('MQTT.js on 5.0', () => {
  it('resolves Topic Aliases for messages that it is shown as QoS 0', async () => {
    const broker = newBroker({ assignTopicAliases: true });
    const client = await newClient(broker, 5, { properties: { topicAliasMaximum: 10 } });
    deferAcknowledgements(client);
    await connected(client);
    await client.subscribeAsync('a/#', { qos: 1 });
    const all = messages(client, 3);
    for (let i = 0; i < 3; i++) broker.publish({ topic: 'a/b', payload: `${i}`, qos: 1 });
    const received = await all;
    expect(received.map(([topic]) => topic)).toEqual(['a/b', 'a/b', 'a/b']);
    expect(received.map(([, , packet]) => packet.topic)).toEqual(['a/b', '', '']); // trap 8: the packet's own may be empty
  });

  it.each([1, 2] as const)(
    'shows 0x10 of a QoS %i message in packetreceive only, and takes it for success',
    async (qos) => {
      const broker = newBroker();
      const client = await connected(await newClient(broker, 5));
      const codes: (number | undefined)[] = [];
      client.prependListener('packetreceive', (packet) => {
        if (packet.cmd === 'puback' || packet.cmd === 'pubrec') codes.push(packet.reasonCode);
      });
      const error = await new Promise((resolve) => {
        client.publish('nobody', 'x', { qos }, resolve);
      });
      expect([error ?? undefined, codes]).toEqual([undefined, [0x10]]);
    },
  );

  it.each([1, 2] as const)('calls back with the code where a QoS %i message is refused', async (qos) => {
    const broker = newBroker();
    broker.faults.refusePublishes('a', 0x97);
    const client = await connected(await newClient(broker, 5));
    const error = await new Promise((resolve) => {
      client.publish('a', 'x', { qos }, resolve);
    });
    expect(error).toMatchObject({ code: 0x97 });
  });

  it('emits packetreceive of a DISCONNECT from the broker before it closes', async () => {
    const broker = newBroker();
    const client = await connected(await newClient(broker, 5, { clientId: 'evicted' }));
    const order: string[] = [];
    client.prependListener('packetreceive', (packet) => {
      if (packet.cmd === 'disconnect') order.push(`disconnect ${packet.reasonCode}`);
    });
    client.on('close', () => order.push('close'));
    const closed = nextEvent(client, 'close');
    broker.faults.drop('evicted', { reasonCode: 0x8e });
    await closed;
    expect(order).toEqual(['disconnect 142', 'close']);
  });

  it('leaves out properties that are undefined', async () => {
    const broker = newBroker();
    const client = await connected(await newClient(broker, 5));
    const published = broker.waitFor('publish');
    const properties = { contentType: 'text/plain', responseTopic: undefined, correlationData: undefined };
    client.publish('a', 'x', { qos: 0, properties });
    expect((await published).message).toMatchObject({ topic: 'a' });
    await client.publishAsync('b', 'the connection is alive', { qos: 1 });
  });
});
