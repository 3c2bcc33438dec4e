import { describe, expect, it } from '@jest/globals';
import {
  InvalidOptionsError,
  InvalidTopicError,
  PublishRefusedError,
  type ClientMqtt,
  type MqttClientOptions,
} from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { durable } from '../../support/durable-session.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker, startMosquitto, type TestConnection } from '../../support/test-broker.js';
import { tapWire } from '../../support/wire-tap.js';
import { rejection, statesOf } from '../lifecycle/scene.js';
import { hangUpOverMessages, WORDS } from './hang-ups.js';

const GOOD = Array.from({ length: 40 }, (_, n) => n);
/** Mosquitto takes 200 levels below the first. */
const TOO_DEEP = `top${'/l'.repeat(201)}`;
const MAX_PACKET_SIZE = 1_000;
const CONTROL = 'devices/sensor\u0002/state';
const NONCHARACTER = 'devices/sensor\uffff/state';

interface Bad {
  readonly topic: string;
  readonly payload?: string;
  readonly userProperties?: Record<string, string>;
}

/** What Mosquitto hangs up over. */
const BAD: readonly [name: string, bad: Bad, versions: readonly (4 | 5)[]][] = [
  ['a control character in the topic', { topic: CONTROL }, [5, 4]],
  ['U+FFFF in the topic', { topic: NONCHARACTER }, [5, 4]],
  ['201 levels below the first', { topic: TOO_DEEP }, [5, 4]],
  ['a control character in a User Property', { topic: 'bad', userProperties: { site: 'a\u0001b' } }, [5]],
  ['more bytes than max_packet_size, which 3.1.1 does not announce', { topic: 'bad', payload: 'x'.repeat(2_000) }, [4]],
];

function isDiscouraged({ topic, userProperties }: Bad): boolean {
  return topic === CONTROL || topic === NONCHARACTER || userProperties !== undefined;
}

function publishBad(client: ClientMqtt, { topic, payload = '1', userProperties }: Bad, qos: 0 | 1 | 2): Promise<void> {
  return client.publish(topic, payload, { qos, ...(userProperties && { userProperties }) });
}

function publishGood(client: ClientMqtt, numbers: readonly number[], qos: 0 | 1 | 2 = 1): Promise<void>[] {
  return numbers.map((n) => client.publish(`good/${n}`, n, { qos }));
}

/** The numbers that messages hold, each once. */
function numbersOf(packets: readonly { payload: Buffer | string }[]): number[] {
  return [...new Set(packets.map(({ payload }) => Number(payload.toString())))];
}

/** What comes of the good messages, in order; the first copy of each. */
async function goodOnes(connection: TestConnection): Promise<{ all: () => Promise<number[]> }> {
  const messages = await subscribeMqttJs(await connectMqttJs(connection), 'good/#', { qos: 2 });
  const all = async (): Promise<number[]> => {
    return numbersOf(await messages.until((some) => numbersOf(some).length >= GOOD.length, 'the good ones'));
  };
  return { all };
}

/** Resolves when so many connections have been lost. */
async function losses(states: Journal<string>, count: number): Promise<void> {
  await states.until((all) => all.filter((state) => state === 'disconnected').length >= count, `${count} losses`);
}

/** No takeover, and nobody has given up. */
function expectAlive(states: Journal<string>): void {
  expect(states.entries).not.toContain('closed');
  expect(transportLogs('error')).toEqual([]);
  expect(transportLogs('warn').join()).not.toMatch(/another client/);
}

describeEachBroker('row 6: what Mosquitto hangs up over, and 40 good messages behind it, by default', (broker) => {
  for (const [name, bad, versions] of BAD) {
    if (!isDiscouraged(bad) || !versions.includes(broker.protocolVersion)) continue;
    it.each([0, 1, 2] as const)(`${name}, QoS %i: refused before it is sent`, async (qos) => {
      const tap = await tapWire(broker.connection);
      const good = await goodOnes(broker.connection);
      const client = createClient(tap.connection);
      await client.connect();
      const states = statesOf(client);
      const refused = rejection(publishBad(client, bad, qos));
      const published = publishGood(client, GOOD);
      expect(await refused).toBeInstanceOf(bad.userProperties ? InvalidOptionsError : InvalidTopicError);
      await Promise.all(published);
      expect(await good.all()).toEqual(GOOD);
      expect(tap.sent('client', 'publish')).toHaveLength(GOOD.length);
      expect(states.entries).toEqual(['connected']);
    });
  }
});

describeWhereInstalled(['mosquitto'], 'row 6: what Mosquitto hangs up over, sent all the same', () => {
  for (const [name, bad, versions] of BAD) {
    describe.each(versions)(`${name}, protocol version %i`, (version) => {
      async function scene(session: 'clean' | 'durable') {
        const mosquitto = await startMosquitto({ config: [`max_packet_size ${MAX_PACKET_SIZE}`] });
        const connection = connectionTo(mosquitto.url, version);
        const tap = await tapWire(connection);
        const good = await goodOnes(connection);
        const options = session === 'durable' ? durable(tap.connection) : tap.connection;
        const client = createClient({ ...options, discouragedCharacters: 'allow' });
        await client.connect();
        const sent = (): number => tap.sent('client', 'publish').filter(({ topic }) => topic === bad.topic).length;
        return { client, good, sent, states: statesOf(client) };
      }

      it.each([1, 2] as const)('QoS %i: given up after two hang-ups, the 40 behind it are delivered', async (qos) => {
        const { client, good, sent, states } = await scene('clean');
        const refused = rejection(publishBad(client, bad, qos));
        const published = publishGood(client, GOOD, qos);
        expect(await refused).toBeInstanceOf(PublishRefusedError);
        await Promise.all(published);
        expect(await good.all()).toEqual(GOOD);
        expect(sent()).toBe(2);
        expectAlive(states);
      });

      it.each([1, 2] as const)('QoS %i, with 20 good ones before it and 20 behind it: the same', async (qos) => {
        const { client, good, sent, states } = await scene('durable'); // or exchanges at QoS 2 that have begun are lost
        const before = publishGood(client, GOOD.slice(0, 20), qos);
        const refused = rejection(publishBad(client, bad, qos));
        const behind = publishGood(client, GOOD.slice(20), qos);
        expect(await refused).toBeInstanceOf(PublishRefusedError);
        await Promise.all([...before, ...behind]);
        expect(await good.all()).toEqual(GOOD);
        expect(sent()).toBeLessThanOrEqual(3);
        expectAlive(states);
      });

      it('QoS 0, three times: sent twice, then refused, the 40 behind it are delivered', async () => {
        const { client, good, sent, states } = await scene('clean');
        for (const times of [1, 2]) {
          await publishBad(client, bad, 0).catch(() => {}); // nothing tells the first ones
          await losses(states, times);
        }
        expect(await rejection(publishBad(client, bad, 0))).toBeInstanceOf(PublishRefusedError);
        await Promise.all(publishGood(client, GOOD));
        expect(await good.all()).toEqual(GOOD);
        expect(sent()).toBe(2);
        expectAlive(states);
      });
    });
  }

  it.each([
    [5, 0],
    [5, 1],
    [4, 0],
    [4, 1],
  ] as const)(
    '25 topics with too many levels, one after another: no takeover is concluded (version %i, QoS %i)',
    async (version, qos) => {
      const mosquitto = await startMosquitto();
      const client = createClient({
        ...connectionTo(mosquitto.url, version),
        reconnect: { initialDelay: 1, maxDelay: 1 },
      });
      await client.connect();
      const states = statesOf(client);
      for (let n = 1; n <= 25; n++) {
        await client.publish(`${TOO_DEEP}/${n}`, 1, { qos }).catch(() => {});
        await losses(states, n);
        await states.until((all) => all.at(-1) === 'connected', `connection ${n + 1}`);
      }
      await client.publish('good', 1, { qos: 1 });
      expect(states.entries).not.toContain('closed');
      expect(transportLogs('error').join()).not.toMatch(/took over/);
    },
  );
});

describe.each(WORDS)(
  'row 6: a broker that ends the connection over a topic, and 40 good messages behind it, protocol version %i, %s',
  (version, _words, reasonCode) => {
    async function scene(session: 'clean' | 'durable', options: Partial<MqttClientOptions> = {}) {
      const { broker, url } = await startInProcessBroker();
      const connection = connectionTo(url, version);
      const good = await goodOnes(connection);
      const sessionOptions = session === 'durable' ? durable(connection) : connection;
      const client = createClient({ ...sessionOptions, ...options });
      await client.connect();
      const hangUps = hangUpOverMessages(broker, ({ topic }) => topic === 'bad', reasonCode);
      return { broker, client, good, hangUps, states: statesOf(client) };
    }

    it.each([
      [1, 'clean'],
      [1, 'durable'],
      [2, 'clean'],
      [2, 'durable'],
    ] as const)('QoS %i, %s session: given up after two hang-ups, the 40 are delivered', async (qos, session) => {
      const { client, good, hangUps, states } = await scene(session);
      const refused = rejection(client.publish('bad', 1, { qos }));
      const published = publishGood(client, GOOD, qos);
      const error = await refused;
      expect(error).toBeInstanceOf(PublishRefusedError);
      expect(error).toMatchObject({ topic: 'bad', reasonCode: reasonCode ?? 0x80 });
      expect(error.message).toContain('closed the connection because of it, twice');
      await Promise.all(published);
      expect(await good.all()).toEqual(GOOD);
      expect(hangUps.entries).toEqual(['bad', 'bad']);
      expectAlive(states);
    });

    it('QoS 0, three times: sent twice, then refused, the 40 are delivered', async () => {
      const { client, good, hangUps, states } = await scene('clean');
      for (const times of [1, 2]) {
        await client.publish('bad', 1).catch(() => {}); // nothing tells the first ones
        await losses(states, times);
      }
      expect(await rejection(client.publish('bad', 1))).toBeInstanceOf(PublishRefusedError);
      await Promise.all(publishGood(client, GOOD, 0));
      expect(await good.all()).toEqual(GOOD);
      expect(hangUps.size).toBe(2);
      expectAlive(states);
    });

    it.each([1, 2] as const)('a request at QoS %i: it rejects, and so does nothing else', async (qos) => {
      const { client, good, hangUps, states } = await scene('durable', { envelope: 'nest' });
      const refused = rejection(client.request('bad', 1, { qos }));
      await Promise.all(publishGood(client, GOOD));
      expect(await refused).toBeInstanceOf(PublishRefusedError);
      expect(await good.all()).toEqual(GOOD);
      expect(hangUps.entries).toEqual(['bad', 'bad']);
      expectAlive(states);
    });
  },
);
