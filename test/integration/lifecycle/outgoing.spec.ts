import { describe, expect, it } from '@jest/globals';
import { Store } from 'mqtt';
import type { ClientMqtt } from '../../../lib/index.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient } from '../../support/nest-application.js';
import { durable } from '../../support/durable-session.js';
import { connectionTo, startInProcessBroker, startMosquitto } from '../../support/test-broker.js';
import { tapWire } from '../../support/wire-tap.js';

const MANY = 500;

function publishMany(client: ClientMqtt, qos: 0 | 1 | 2): Promise<void[]> {
  return Promise.all(Array.from({ length: MANY }, (_, n) => client.publish('window', n, { qos })));
}

describeWhereInstalled(['mosquitto'], 'the window of a stock Mosquitto, which takes 20 at once', () => {
  it.each([
    [5, 1],
    [5, 2],
    [4, 1],
    [4, 2],
  ] as const)('500 messages at once: none refused, none lost (version %i, QoS %i)', async (version, qos) => {
    const mosquitto = await startMosquitto();
    const connection = connectionTo(mosquitto.url, version);
    const messages = await subscribeMqttJs(await connectMqttJs(connection), 'window', { qos });
    await publishMany(createClient(connection), qos);
    const numbers = (await messages.atLeast(MANY)).map(({ payload }) => Number(payload.toString()));
    expect(numbers).toEqual(Array.from({ length: MANY }, (_, n) => n));
  });
});

describe('the window of a broker that says how much it takes', () => {
  it.each([1, 2] as const)('is never exceeded, and used up (QoS %i)', async (qos) => {
    const { broker, url } = await startInProcessBroker({ receiveMaximum: 7 });
    const end = qos === 1 ? 'puback' : 'pubcomp';
    broker.faults.delay('out', end, 5); // or there is never more than one
    let [underWay, most] = [0, 0];
    broker.on('packet', ({ direction, packet }) => {
      if (direction === 'in' && packet.cmd === 'publish') most = Math.max(most, ++underWay);
      if (direction === 'out' && packet.cmd === end) underWay--;
    });
    await publishMany(createClient(connectionTo(url)), qos);
    expect([underWay, most]).toEqual([0, 7]);
  });
});

describe('what is published in one turn', () => {
  it.each([0, 1] as const)('arrives whole and in order, whatever pieces it leaves in (QoS %i)', async (qos) => {
    const { url } = await startInProcessBroker();
    const client = createClient(connectionTo(url));
    await client.connect();
    const messages = await subscribeMqttJs(await connectMqttJs(connectionTo(url)), 'pieces', { qos });
    // beside and across the bounds of 32 KiB a piece and 64 KiB a slab, and larger than both
    const payloads = [1, 10_000, 32_768, 100, 65_536, 7, 200_000, ...Array.from({ length: 200 }, () => 500)];
    const texts = payloads.map((bytes, n) => `${n}:`.padEnd(bytes + 5, 'x'));
    await Promise.all(texts.map((text) => client.publish('pieces', text, { qos })));
    const arrived = await messages.atLeast(texts.length);
    expect(arrived.map(({ payload }) => payload.toString())).toEqual(texts);
  });
});

describe('options of MQTT.js for messages on their way out', () => {
  it('autoAssignTopicAlias: a long topic goes over the wire once', async () => {
    const { url } = await startInProcessBroker();
    const tap = await tapWire(connectionTo(url));
    const client = createClient({ ...tap.connection, autoAssignTopicAlias: true });
    for (const qos of [0, 1, 2] as const) await client.publish('a/rather/long/topic', qos, { qos });
    const sent = tap.sent('client', 'publish');
    expect(sent.map(({ topic }) => topic)).toEqual(['a/rather/long/topic', '', '']);
    expect(sent.map(({ properties }) => properties?.topicAlias)).toEqual([1, 1, 1]);
  });

  it.each([5, 4] as const)(
    'outgoingStore: what was not acknowledged is sent by the next process that has the store (version %i)',
    async (protocolVersion) => {
      const { broker, url } = await startInProcessBroker();
      const connection = durable(connectionTo(url, protocolVersion), 'stored');
      const store = new Store({ clean: false });
      const taken = new Journal<string>();
      broker.on('publish', ({ message }) => taken.add(`${message.topic} ${message.payload.toString()}`));
      const swallow = broker.faults.withhold('in', 'publish'); // as if the process died first
      const first = createClient({ ...connection, outgoingStore: store });
      await first.connect();
      const settled = [1, 2].map((qos) =>
        first.publish(`stored/${qos}`, qos, { qos: qos as 1 | 2 }).catch((error: unknown) => error),
      );
      await broker.waitFor('packet', ({ packet }) => packet.cmd === 'publish' && packet.topic === 'stored/2');
      await first.close();
      expect(await Promise.all(settled)).toMatchObject([{ maybeExecuted: true }, { maybeExecuted: true }]);
      swallow();
      const second = createClient({ ...connection, outgoingStore: store });
      await second.connect();
      expect((await taken.atLeast(2)).toSorted()).toEqual(['stored/1 1', 'stored/2 2']);
      await second.publish('stored/next', 3, { qos: 1 });
      expect(taken.entries.at(-1)).toBe('stored/next 3');
    },
  );

  it.each([5, 4] as const)(
    'outgoingStore: what waited offline is sent by the next process that has the store, in order (version %i)',
    async (protocolVersion) => {
      const { broker, url } = await startInProcessBroker();
      const connection = durable(connectionTo(url, protocolVersion), 'waiting');
      const store = new Store({ clean: false });
      const taken = new Journal<string>();
      broker.on('publish', ({ message }) => taken.add(message.topic));
      await broker.stop();
      const first = createClient({ ...connection, outgoingStore: store, gracefulTimeout: 0 });
      const settled = [1, 2, 1, 2].map((qos, n) =>
        first.publish(`waited/${n}`, n, { qos: qos as 1 | 2 }).catch((error: unknown) => error),
      );
      const withdrawn = first.publish('withdrawn', 0, { qos: 1, timeout: 1 }).catch((error: unknown) => error);
      expect(await withdrawn).toMatchObject({ name: 'PublishTimeoutError' });
      await first.close();
      const ends = await Promise.all(settled);
      expect(ends).toMatchObject(ends.map(() => ({ name: 'ConnectionClosedError', maybeExecuted: true })));
      const second = createClient({ ...connection, outgoingStore: store });
      const next = second.publish('new', 1, { qos: 1 });
      await broker.start();
      await next;
      expect(taken.entries).toEqual(['waited/0', 'waited/1', 'waited/2', 'waited/3', 'new']);
    },
  );
});
