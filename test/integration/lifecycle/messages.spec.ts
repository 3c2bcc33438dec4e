/* oxlint-disable jest/no-standalone-expect -- scenarios of describeFaults */
import { expect } from '@jest/globals';
import {
  BackpressureError,
  ConnectionClosedError,
  PublishRefusedError,
  type ClientMqtt,
  type MqttClientOptions,
} from '../../../lib/index.js';
import type { MqttBroker, MqttBrokerOptions } from '../../../lib/testing/index.js';
import { Journal } from '../../support/journal.js';
import { createClient } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { describeFaults } from './describe-faults.js';
import { MESSAGES } from './fault-table.js';
import { rejection, statesOf } from './scene.js';

const ID = 'sender';

interface Sender {
  readonly broker: MqttBroker;
  readonly client: ClientMqtt;
  /** What the broker has read, refused or not. */
  readonly sent: Journal<string>;
  /** What it has taken. */
  readonly taken: Journal<string>;
}

async function sender(
  version: 4 | 5,
  brokerOptions: MqttBrokerOptions = {},
  options: Partial<MqttClientOptions> = {},
): Promise<Sender> {
  const { broker, url } = await startInProcessBroker(brokerOptions);
  const sent = new Journal<string>();
  const taken = new Journal<string>();
  broker.on('packet', ({ direction, packet }) => {
    if (direction === 'in' && packet.cmd === 'publish') sent.add(packet.topic);
  });
  broker.on('publish', ({ message }) => taken.add(message.topic));
  return { broker, sent, taken, client: createClient({ ...connectionTo(url, version), clientId: ID, ...options }) };
}

async function refusedBy(publishing: Promise<void>): Promise<number> {
  const error = await rejection(publishing);
  expect(error).toBeInstanceOf(PublishRefusedError);
  return (error as PublishRefusedError).reasonCode;
}

/** One connection through all of it. */
async function staysWithRefusal(version: 4 | 5, reasonCode: number): Promise<void> {
  const { broker, client } = await sender(version);
  await client.connect();
  const states = statesOf(client);
  broker.faults.refusePublishes('full/#', reasonCode);
  for (const qos of [1, 2] as const) {
    expect(await refusedBy(client.publish('full/a', 1, { qos }))).toBe(reasonCode);
  }
  await client.publish('empty', 1, { qos: 2 });
  expect(states.entries).toEqual(['connected']);
}

describeFaults(MESSAGES, {
  quota: (version) => staysWithRefusal(version, 0x97),

  notAuthorized: (version) => staysWithRefusal(version, 0x87),

  async tooLarge(version) {
    const { client, sent } = await sender(version, { maximumPacketSize: 100 });
    await client.connect();
    for (const qos of [0, 1] as const) {
      const fixed = 1 + 1 + 2 + 'fits'.length + (qos && 2) + 1; // header, length, topic, identifier, no properties
      const payload = Buffer.alloc(100 - fixed - '\u0003\u0000\u0018application/octet-stream'.length);
      await client.publish('fits', payload, { qos });
      expect(await refusedBy(client.publish('fits', Buffer.alloc(payload.length + 1), { qos }))).toBe(0x95);
      const userProperties = { name: 'x'.repeat(80) };
      expect(await refusedBy(client.publish('fits', '', { qos, userProperties }))).toBe(0x95);
    }
    expect(sent.entries).toEqual(['fits', 'fits']);
  },

  async tooLargeForBroker(version) {
    const { broker, client, taken } = await sender(version);
    await client.connect();
    const drop = (): void => {
      // whenever it comes, as a broker would
      broker.faults.drop(ID, {
        reasonCode: 0x95,
        after: { direction: 'in', match: (packet) => packet.cmd === 'publish' && packet.payload.length > 1_000 },
      });
    };
    drop();
    broker.on('connect', drop);
    const remove = broker.faults.withhold('out', 'puback');
    const small = [1, 2, 3].map((n) => client.publish(`small/${n}`, n, { qos: 1 }));
    expect(await refusedBy(client.publish('large', 'x'.repeat(2_000), { qos: 1 }))).toBe(0x95);
    remove();
    await Promise.all(small);
    expect(new Set(taken.entries)).toEqual(new Set(['small/1', 'small/2', 'small/3', 'large']));
    expect(taken.entries.filter((topic) => topic === 'large')).toHaveLength(1);
  },

  async qosNotSupported(version) {
    const { broker, client, sent } = await sender(version, { maximumQoS: 1, retainAvailable: false });
    await broker.stop();
    const states = statesOf(client);
    const connecting = client.connect();
    await states.first((state) => state === 'reconnecting'); // from now on messages are queued
    const waiting = [
      refusedBy(client.publish('a', 1, { qos: 2 })),
      refusedBy(client.publish('a', 1, { qos: 1, retain: true })),
      client.publish('good', 1, { qos: 1 }),
    ];
    await broker.start();
    await connecting;
    expect(await Promise.all(waiting)).toEqual([0x9b, 0x9a, undefined]);
    expect(await refusedBy(client.publish('a', 1, { qos: 2 }))).toBe(0x9b);
    broker.faults.drop(ID);
    await client.publish('good', 1, { qos: 1 });
    expect(new Set(sent.entries)).toEqual(new Set(['good']));
  },

  async pubackLost(version) {
    const { broker, client, sent } = await sender(version);
    await client.connect();
    for (const qos of [1, 2] as const) {
      broker.faults.drop(ID, { after: { direction: 'in', match: 'publish' } });
      await client.publish(`qos/${qos}`, 1, { qos });
    }
    expect(sent.entries).toEqual(['qos/1', 'qos/1', 'qos/2', 'qos/2']);
  },

  async queueFull(version) {
    const { broker, client, taken } = await sender(version, {}, { maxQueuedMessages: 3 });
    await client.connect();
    const states = statesOf(client);
    await broker.stop();
    await states.first((state) => state === 'reconnecting');
    const queued = [0, 1, 2].map((n) => client.publish(`queued/${n}`, n, { qos: n as 0 | 1 | 2 }));
    expect(await rejection(client.publish('queued/3', 3))).toBeInstanceOf(BackpressureError);
    await broker.start();
    await Promise.all(queued);
    expect((await taken.atLeast(3)).toSorted()).toEqual(['queued/0', 'queued/1', 'queued/2']);
  },

  async offline(version) {
    const { broker, client } = await sender(version, {}, { offline: 'fail' });
    await client.connect();
    const states = statesOf(client);
    await broker.stop();
    await states.first((state) => state === 'reconnecting');
    for (const qos of [0, 1, 2] as const) {
      const error = await rejection(client.publish('a', 1, { qos }));
      expect(error).toBeInstanceOf(ConnectionClosedError);
      expect(error).toMatchObject({ maybeExecuted: false });
    }
  },
});
