import { connect as connectSocket, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { IClientOptions, MqttClient } from 'mqtt';
import { parser, type ISubackPacket } from 'mqtt-packet';
import { resolveConnection } from '../../lib/options/connection-options.js';
import type { MqttBroker } from '../../lib/testing/index.js';
import { createControlClient, endControlClient } from '../../lib/wire/connection/control-client.js';
import { PacketIdentifiers } from '../../lib/wire/outbound/packet-identifiers.js';
import { closeAfterTest } from '../support/closing.js';
import { deepFrozen } from '../unit/options/problems.js';
import { useBrokers } from './support/broker-fixture.js';
import { nextEvent } from './support/mqttjs-event.js';

/*
 * What lib/wire needs of MQTT.js, each thing by itself: its public API, on a stream that it is given. `npm run test:mqtt-latest`
 * runs this, and everything else, on the newest release.
 */

const newBroker = useBrokers();
const clients: MqttClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map(endControlClient));
});

const versions = [4, 5] as const;
type Version = (typeof versions)[number];

interface Control {
  readonly client: MqttClient;
  /** Control Packets that MQTT.js has written, on all of its streams. */
  readonly written: string[];
  readonly identifiers: PacketIdentifiers;
}

/** A client as this transport makes it, on a plain socket, not connected yet. */
async function newControl(broker: MqttBroker, v: Version, options: IClientOptions = {}): Promise<Control> {
  const url = new URL(await broker.listen());
  const identifiers = new PacketIdentifiers();
  const written: string[] = [];
  const streams: Socket[] = [];
  const client = createControlClient(
    resolveConnection({ ...options, url: url.href, protocolVersion: v }),
    identifiers.control,
    () => {
      const packets = parser({ protocolVersion: v });
      packets.on('packet', (packet) => written.push(packet.cmd));
      const socket = connectSocket(Number(url.port), url.hostname);
      const { write } = socket;
      socket.write = (chunk: Uint8Array | string, ...rest: never[]) => {
        packets.parse(Buffer.from(chunk as Uint8Array));
        return write.call(socket, chunk, ...rest);
      };
      streams.push(socket);
      return socket;
    },
  );
  client.on('error', () => {});
  clients.push(client);
  closeAfterTest(() => {
    for (const stream of streams) stream.destroy();
  });
  return { client, written, identifiers };
}

/** Resolves when the client has closed its stream, whatever error goes before. */
function closed(client: MqttClient): Promise<void> {
  return new Promise((resolve) => client.once('close', () => resolve()));
}

async function connected(client: MqttClient): Promise<MqttClient> {
  client.connect();
  await nextEvent(client, 'connect');
  return client;
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

function subscribe(client: MqttClient, filters: string[]): Promise<[Error | null, ISubackPacket | undefined]> {
  return new Promise((resolve) => {
    client.subscribe(filters, { qos: 1 }, (error, _granted, suback) => resolve([error, suback]));
  });
}

describe.each(versions)('MQTT.js on protocol version %i', (v) => {
  it('connects when it is told to, not by itself, neither at first nor after it lost the connection', async () => {
    const broker = newBroker();
    const { client, written } = await newControl(broker, v, { clientId: 'told' });
    expect(client.stream).toBeUndefined();
    await connected(client);
    const gone = closed(client);
    broker.faults.drop('told');
    await gone;
    expect(client.connected).toBe(false);
    await connected(client);
    expect(written).toEqual(['connect', 'connect']);
  });

  it('closes when its stream is destroyed, and connects on a new one', async () => {
    const broker = newBroker();
    const { client } = await newControl(broker, v);
    const { stream } = await connected(client);
    const gone = closed(client);
    stream.destroy();
    await gone;
    expect((await connected(client)).stream).not.toBe(stream);
  });

  it('asks for no subscription again by itself', async () => {
    const broker = newBroker();
    const { client, written } = await newControl(broker, v, { clientId: 'asking' });
    await connected(client);
    await subscribe(client, ['a']);
    const gone = closed(client);
    broker.faults.drop('asking');
    await gone;
    await connected(client);
    await subscribe(client, ['b']);
    expect(written).toEqual(['connect', 'subscribe', 'connect', 'subscribe']);
  });

  it('sends the credentials that its options hold when it connects', async () => {
    const seen: string[] = [];
    const broker = newBroker({
      authenticate: ({ username, password }) => seen.push(`${username}:${password?.toString()}`) > 0,
    });
    const { client } = await newControl(broker, v, { clientId: 'renewing' });
    for (const password of ['old', 'new']) {
      Object.assign(client.options, { username: 'me', password });
      await connected(client);
      const gone = closed(client);
      broker.faults.drop('renewing');
      await gone;
    }
    expect(seen).toEqual(['me:old', 'me:new']);
  });

  it('gives up a connection whose CONNACK does not come in time', async () => {
    const broker = newBroker();
    broker.faults.withhold('out', 'connack');
    const { client } = await newControl(broker, v, { connectTimeout: 20 });
    const errors: string[] = [];
    client.on('error', ({ message }) => errors.push(message));
    const gone = closed(client);
    client.connect();
    await gone;
    expect(errors).toEqual(['connack timeout']);
  });

  it('sends PINGREQ within keepalive, and gives up a connection that does not answer it', async () => {
    const broker = newBroker();
    const { client, written } = await newControl(broker, v, { clientId: 'frozen', keepalive: 1 });
    await connected(client);
    broker.faults.freeze('frozen');
    const errors: string[] = [];
    client.on('error', ({ message }) => errors.push(message));
    await closed(client);
    expect(written).toEqual(['connect', 'pingreq']);
    expect(errors).toEqual(['Keepalive timeout']);
  });

  it('gives the SUBACK to the callback of a list, refused filters included', async () => {
    const broker = newBroker();
    broker.faults.refuseSubscriptions('refused', 0x87);
    const { client } = await newControl(broker, v);
    await connected(client);
    const [, suback] = await subscribe(client, ['granted', 'refused', 'a/#']);
    expect(suback?.granted).toEqual([1, v === 5 ? 0x87 : 0x80, 1]);
  });

  it('calls back with an error when the connection ends before the SUBACK', async () => {
    const broker = newBroker();
    const { client } = await newControl(broker, v, { clientId: 'asking' });
    await connected(client);
    broker.faults.drop('asking', { after: { direction: 'in', match: 'subscribe' } });
    expect(await subscribe(client, ['a'])).toEqual([expect.any(Error), undefined]);
  });

  it('leaves a SUBSCRIBE with its options and filters as they are', async () => {
    const broker = newBroker();
    const { client } = await newControl(broker, v);
    await connected(client);
    const asked = broker.waitFor('subscribe');
    const filters = ['resubscribe', '$share/g/a', 'b/#'];
    await client.subscribeAsync(Object.freeze(filters) as string[], Object.freeze({ qos: 1 as const }));
    expect((await asked).filters).toEqual(filters);
  });

  it('takes its Packet Identifiers from messageIdProvider, and gives them back', async () => {
    const broker = newBroker();
    const { client, identifiers } = await newControl(broker, v);
    await connected(client);
    expect([identifiers.take(), identifiers.take()]).toEqual([1, 2]);
    const asked = broker.waitFor('packet', ({ packet }) => packet.cmd === 'subscribe');
    await subscribe(client, ['a']);
    expect((await asked).packet.messageId).toBe(3);
    await client.unsubscribeAsync(['a']);
    expect(identifiers['takenByControl'].size).toBe(0);
  });

  it('ends when its stream is gone, whatever is still under way, and says so', async () => {
    const broker = newBroker();
    broker.faults.withhold('out', 'suback');
    const { client } = await newControl(broker, v);
    await connected(client);
    const answered = subscribe(client, ['a']);
    const [ended, gone] = [nextEvent(client, 'end'), closed(client)];
    client.stream.destroy();
    await gone;
    await endControlClient(client);
    await ended;
    expect(await answered).toEqual([expect.any(Error), undefined]);
  });

  it('ends while it is connecting, and leaves no timer behind', async () => {
    const broker = newBroker();
    broker.faults.withhold('out', 'connack');
    const { client } = await newControl(broker, v);
    const before = timers();
    client.connect();
    expect(timers()).toBe(before + 1);
    const gone = closed(client);
    await endControlClient(client);
    await gone;
    expect(timers()).toBeLessThanOrEqual(before); // one that was there before may have fired meanwhile
  });

  it('writes into nothing that it was given: options of the transport are frozen', async () => {
    const broker = newBroker();
    const will = { topic: 'w', payload: Buffer.from('gone'), qos: 1 as const, retain: false };
    const session = { clientId: 'frozen', clean: false };
    const options = deepFrozen<IClientOptions>({
      ...session,
      ...(v === 5 && { properties: { sessionExpiryInterval: 60 } }),
      will: v === 5 ? { ...will, properties: { contentType: 'text/plain' } } : will,
    });
    const { client } = await newControl(broker, v, options);
    await connected(client);
    expect(broker.session('frozen')).toMatchObject({ connected: true });
    const willed = broker.waitFor('publish', ({ will: isWill }) => isWill);
    client.stream.destroy();
    expect((await willed).message.topic).toBe('w');
  });
});
