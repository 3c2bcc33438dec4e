import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { afterEach, describe, expect, it } from '@jest/globals';
import mqtt, { type IClientOptions, MqttClient } from 'mqtt';
import { WebSocket } from 'ws';
import type { ListenOptions, MqttBroker } from '../../lib/testing/index.js';
import { useBrokers } from './support/broker-fixture.js';
import { nextEvent } from './support/mqttjs-event.js';
import { RawClient } from './support/raw-client.js';

const newBroker = useBrokers();
const clients: MqttClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map(async (client) => client.endAsync(true)));
});

// A pre-shared key needs no certificate that would expire in this repository.
const key = Buffer.alloc(32, 7);
const suite = { ciphers: 'PSK', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
const serverTls: TlsOptions = { ...suite, pskCallback: () => key };
const clientTls = {
  ...suite,
  pskCallback: () => ({ psk: key, identity: 'test' }),
  checkServerIdentity: () => undefined,
};

async function connected(client: MqttClient): Promise<MqttClient> {
  clients.push(client);
  await nextEvent(client, 'connect');
  return client;
}

const transports: [string, ListenOptions | undefined, IClientOptions][] = [
  ['TCP', {}, {}],
  ['TLS', { tls: serverTls }, clientTls as IClientOptions],
  ['WebSocket', { ws: true }, {}],
  ['a stream without a socket', undefined, {}],
];
const versions = [4, 5] as const;
const cases = transports.flatMap(([name, listen, options]) => versions.map((v) => ({ name, listen, options, v })));

async function connectTo(broker: MqttBroker, { listen, options, v }: (typeof cases)[number]): Promise<MqttClient> {
  const all: IClientOptions = { ...options, protocolVersion: v, reconnectPeriod: 0 };
  if (!listen) return connected(new MqttClient(() => broker.stream(), all));
  return connected(mqtt.connect(await broker.listen(listen), all));
}

describe('MQTT.js', () => {
  it.each(cases)('over $name, version $v: all QoS, both ways, and a payload of many chunks', async (transport) => {
    const client = await connectTo(newBroker(), transport);
    const received: string[] = [];
    client.on('message', (topic, payload) => received.push(`${topic} ${payload.length}`));
    await client.subscribeAsync('t/#', { qos: 2 });
    const sizes = [1, 100, 300_000];
    for (const qos of [0, 1, 2] as const) {
      for (const size of sizes) await client.publishAsync(`t/${qos}`, Buffer.alloc(size), { qos });
    }
    while (received.length < 9) await nextEvent(client, 'message');
    expect(received).toEqual([0, 1, 2].flatMap((qos) => sizes.map((size) => `t/${qos} ${size}`)));
  });

  it.each(cases)('over $name, version $v: notices when it is cut off', async (transport) => {
    const broker = newBroker();
    const client = await connectTo(broker, transport);
    const closed = nextEvent(client, 'close');
    broker.faults.drop(client.options.clientId!);
    await closed;
    expect(client.connected).toBe(false);
  });

  const departures: [string, (client: MqttClient) => unknown, string][] = [
    ['breaks', (client) => client.stream.destroy(), 'network'],
    ['closes without DISCONNECT', (client) => client.stream.end(), 'network'],
    ['says goodbye', async (client) => client.endAsync(), 'client'],
  ];
  const goings = cases.flatMap((transport) => departures.map(([how, leave, by]) => ({ ...transport, how, leave, by })));
  it.each(goings)('over $name, version $v: a client that $how is noticed', async ({ leave, by, ...transport }) => {
    const broker = newBroker();
    const client = await connectTo(broker, transport);
    const noticed = broker.waitFor('disconnect');
    void leave(client);
    expect((await noticed).by).toBe(by);
  });

  it('5.0: request and response with properties', async () => {
    const broker = newBroker();
    const connect = async () =>
      connected(new MqttClient(() => broker.stream(), { protocolVersion: 5, reconnectPeriod: 0 }));
    const [requester, responder] = [await connect(), await connect()];
    await responder.subscribeAsync('rpc', { qos: 1 });
    responder.on('message', (_topic, _payload, { properties }) => {
      const { responseTopic, correlationData } = properties!;
      responder.publish(responseTopic!, 'pong', { qos: 1, properties: { correlationData } });
    });
    await requester.subscribeAsync('inbox', { qos: 1 });
    const reply = nextEvent<[string, Buffer, { properties: { correlationData: Buffer } }]>(requester, 'message');
    const correlationData = Buffer.from('id');
    await requester.publishAsync('rpc', 'ping', { qos: 1, properties: { responseTopic: 'inbox', correlationData } });
    const [topic, payload, packet] = await reply;
    expect([topic, payload.toString()]).toEqual(['inbox', 'pong']);
    expect(correlationData.equals(packet.properties.correlationData)).toBe(true);
  });

  it('5.0: Topic Aliases in both directions', async () => {
    const broker = newBroker({ assignTopicAliases: true });
    const options: IClientOptions = { protocolVersion: 5, reconnectPeriod: 0, autoAssignTopicAlias: true };
    const client = await connected(
      new MqttClient(() => broker.stream(), { ...options, properties: { topicAliasMaximum: 5 } }),
    );
    const topics: string[] = [];
    client.on('message', (topic) => topics.push(topic));
    await client.subscribeAsync('#', { qos: 1 });
    for (const topic of ['a', 'b', 'a', 'b']) await client.publishAsync(topic, '', { qos: 1 });
    while (topics.length < 4) await nextEvent(client, 'message');
    expect(topics).toEqual(['a', 'b', 'a', 'b']);
  });

  it.each(versions)('version %i: gets what its session kept, without subscribing again', async (v) => {
    const broker = newBroker();
    const options: IClientOptions = { protocolVersion: v, clientId: 'kept', clean: false, reconnectPeriod: 0 };
    if (v === 5) options.properties = { sessionExpiryInterval: 60 };
    const before = await connected(new MqttClient(() => broker.stream(), options));
    await before.subscribeAsync('t', { qos: 1 });
    const left = broker.waitFor('disconnect');
    broker.faults.drop('kept');
    await left;
    broker.publish({ topic: 't', payload: 'queued', qos: 1 });
    const after = new MqttClient(() => broker.stream(), options);
    clients.push(after);
    const [, payload] = await nextEvent<[string, Buffer]>(after, 'message');
    expect(payload.toString()).toBe('queued');
  });
});

describe('bytes as they come', () => {
  it('a packet may arrive byte by byte', async () => {
    const broker = newBroker();
    const url = new URL(await broker.listen());
    const socket = connectTcp(Number(url.port), url.hostname);
    const client = new RawClient(socket, { clientId: 'slow' });
    const original = socket.write.bind(socket);
    const byByte = (chunk: Uint8Array | string) =>
      Buffer.from(chunk).every((byte) => original(Buffer.from([byte])) || true);
    socket.setNoDelay(true);
    socket.write = byByte;
    client.sendConnect();
    await client.expect('connack');
    expect(await client.subscribe('t', { qos: 1 })).toEqual([1]);
  });

  it('[MQTT-6.0.0-1] a WebSocket text frame ends the connection', async () => {
    const socket = new WebSocket(await newBroker().listen({ ws: true }), 'mqtt');
    await once(socket, 'open');
    socket.send('text');
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1003);
  });

  it('[MQTT-6.0.0-4] a WebSocket is told the subprotocol mqtt', async () => {
    const socket = new WebSocket(await newBroker().listen({ ws: true }), ['other', 'mqtt']);
    await once(socket, 'open');
    expect(socket.protocol).toBe('mqtt');
    socket.terminate();
  });

  it('a TLS handshake that fails does nobody harm', async () => {
    const broker = newBroker();
    const url = new URL(await broker.listen({ tls: serverTls }));
    const socket = connectTcp(Number(url.port), url.hostname);
    socket.on('error', () => {});
    socket.write('this is no TLS');
    await new Promise((resolve) => socket.on('close', resolve));
    const client = await connected(
      mqtt.connect(url.href.replace(/\/$/, ''), { ...(clientTls as IClientOptions), reconnectPeriod: 0 }),
    );
    expect(client.connected).toBe(true);
  });
});
