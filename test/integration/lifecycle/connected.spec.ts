/* oxlint-disable jest/no-standalone-expect -- scenarios of describeFaults */
import { expect } from '@jest/globals';
import {
  ConnectionClosedError,
  ConnectionRefusedError,
  type MqttServerOptions,
  type ServerMqtt,
} from '../../../lib/index.js';
import type { MqttBroker, MqttBrokerOptions } from '../../../lib/testing/index.js';
import { eventually } from '../../support/deadline.js';
import { durable } from '../../support/durable-session.js';
import { Journal } from '../../support/journal.js';
import { logs, transportLogs } from '../../support/logs.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { describeFaults } from './describe-faults.js';
import { CONNECTED } from './fault-table.js';
import { newScene, reconnected, rejection, statesOf, type Scene } from './scene.js';

const ID = 'life-cycle';
const IMPATIENT = { connectTimeout: 100 };
const ATTEMPTS_AFTER_A_SUCCESS = 10;

interface Started extends Scene {
  readonly broker: MqttBroker;
  readonly server: ServerMqtt;
  readonly states: Journal<string>;
  readonly connects: Journal<string>;
}

/** A server that is connected, as `life-cycle`. */
async function start(
  version: 4 | 5,
  options: Partial<MqttServerOptions> = {},
  brokerOptions: MqttBrokerOptions = {},
): Promise<Started> {
  const { broker, url } = await startInProcessBroker(brokerOptions);
  const connects = new Journal<string>();
  broker.on('packet', ({ packet }) => {
    if (packet.cmd === 'connect') connects.add(packet.clientId);
  });
  const scene = newScene();
  const connection = { ...connectionTo(url, version), clientId: ID };
  const { server } = await startServer({ ...connection, ...options }, { controllers: scene.controllers });
  return { ...scene, broker, server, states: statesOf(server), connects };
}

/** The subscriptions stand, and messages come. */
async function servesAgain({ broker, seen }: Started): Promise<void> {
  await eventually(() => broker.session(ID)?.subscriptions.length === 4, 'it has subscribed again');
  broker.publish({ topic: 'scene/event', payload: '"again"', qos: 1 });
  await seen.first((data) => data === 'again');
}

describeFaults(CONNECTED, {
  async cut(version) {
    const scene = await start(version);
    const { broker, states } = scene;
    const closed = new Journal<string>();
    scene.server.on('close', () => closed.add('close'));
    await broker.stop();
    await closed.atLeast(3); // the connection, and two attempts
    await broker.start();
    await reconnected(states);
    await servesAgain(scene);
    expect(transportLogs('warn')).toEqual([expect.stringMatching(/^Connection to mqtt:\/\/127.* lost/)]);
  },

  async disconnected(version) {
    for (const reasonCode of [0x8b, 0x98, 0x89]) {
      logs.clear();
      const scene = await start(version);
      scene.broker.faults.drop(ID, { reasonCode });
      await reconnected(scene.states);
      await servesAgain(scene);
      const code = `0x${reasonCode.toString(16)}`;
      expect(transportLogs('warn')).toEqual([expect.stringContaining(code)]);
    }
  },

  async refusedLater(version) {
    const { broker, server, states, connects } = await start(version, { reconnect: { initialDelay: 1, maxDelay: 5 } });
    broker.faults.refuseConnections(0x86);
    broker.faults.drop(ID);
    await states.first((state) => state === 'closed');
    expect(connects.size).toBe(1 + ATTEMPTS_AFTER_A_SUCCESS);
    expect(transportLogs('error')).toEqual([expect.stringContaining('refused the connection')]);
    expect(server.health()).toMatchObject({ connected: false, lastError: expect.stringContaining('0x86') });
  },

  async credentialsRotated(version) {
    let valid = 'spring';
    const authenticate: MqttBrokerOptions['authenticate'] = ({ password }) => String(password) === valid;
    const credentials = (): Promise<object> => Promise.resolve({ username: 'ada', password: valid });
    const scene = await start(version, { credentials }, { authenticate });
    valid = 'summer';
    scene.broker.faults.drop(ID);
    await reconnected(scene.states);
    await servesAgain(scene);
    expect(logs.entries.map(({ message }) => message).join()).not.toMatch(/spring|summer|ada/);
  },

  async takenOver(version) {
    const { states, connects, broker, server } = await start(version);
    const other = createClient({ ...connectionTo(server.health()!.broker, version), clientId: ID });
    await other.connect();
    await states.first((state) => state === 'closed');
    expect(transportLogs('error')).toEqual([expect.stringContaining(`"${ID}"`)]);
    expect(connects.size).toBe(2);
    expect(broker.clients).toHaveLength(1);
    await other.publish('still/there', 1, { qos: 1 });
  },

  async halfOpen(version) {
    const scene = await start(version, { keepalive: 1 });
    scene.broker.faults.freeze(ID);
    await reconnected(scene.states);
    await servesAgain(scene);
    expect(transportLogs('warn')).toEqual([expect.stringMatching(/keepalive/i)]);
  },

  async slow(version) {
    const { broker, url } = await startInProcessBroker();
    for (const direction of ['in', 'out'] as const) broker.faults.delay(direction, () => true, 30);
    const { seen, controllers } = newScene();
    await startServer(connectionTo(url, version), { controllers });
    const client = createClient({ ...connectionTo(url, version), envelope: 'nest' });
    const numbers = Array.from({ length: 20 }, (_, n) => n);
    await Promise.all(numbers.map((n) => client.publish('scene/event', n, { qos: 1 })));
    expect(await seen.atLeast(20)).toEqual(numbers);
    const replies = await Promise.all(numbers.map((n) => client.request('scene/echo', n)));
    expect(replies.map(({ data }) => data)).toEqual(numbers);
  },

  async malformed(version) {
    const scene = await start(version);
    const { stream } = scene.server.unwrap<{ stream: NodeJS.EventEmitter }>();
    stream.emit('data', Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0xff])); // a length without an end
    await reconnected(scene.states);
    await servesAgain(scene);
    expect(transportLogs('warn')).toHaveLength(1);
  },

  async sessionEnded(version) {
    const { broker, url } = await startInProcessBroker();
    const connection = connectionTo(url, version);
    const { runs, controllers } = newScene();
    await startServer(connection, { controllers });
    const client = createClient({ ...durable(connection, 'caller'), envelope: version === 5 ? 'plain' : 'nest' });
    const lost = new Journal<string>();
    client.on('sessionLost', () => lost.add('lost'));
    const waiting = rejection(client.request('scene/held', 1));
    await runs.started.atLeast(1);
    const inbox = broker.session('caller')!.subscriptions;
    broker.faults.endSession('caller');
    const error = await waiting;
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(error).toMatchObject({ maybeExecuted: true });
    runs.releaseAll();
    expect((await client.request('scene/held', 2)).data).toBe(2);
    expect(broker.session('caller')!.subscriptions).toEqual(inbox);
    expect(lost.entries).toEqual(['lost']);
  },

  async refusedAgain(version) {
    const scene = await start(version);
    const { broker, server, states } = scene;
    const grant = broker.faults.refuseSubscriptions('scene/echo', 0x87);
    broker.faults.drop(ID);
    await reconnected(states);
    await eventually(() => transportLogs('error').length > 0, 'the refusal is logged');
    expect(transportLogs('error')).toEqual([expect.stringContaining('scene/echo')]);
    expect(server.health()).toMatchObject({ connected: true, subscriptions: { wanted: 4, granted: 3 } });
    grant();
    broker.faults.drop(ID);
    await servesAgain(scene);
  },

  async noSubackLater(version) {
    const { broker, url } = await startInProcessBroker();
    const { seen, controllers } = newScene();
    const options = { ...connectionTo(url, version), ...IMPATIENT, clientId: ID };
    const { server } = await startServer(options, { controllers });
    const states = statesOf(server);
    const connected = (): number => states.entries.filter((state) => state === 'connected').length;
    const answer = broker.faults.withhold('out', 'suback');
    broker.faults.drop(ID);
    await states.until(() => connected() >= 3, 'it has connected again over the missing SUBACK');
    answer();
    await eventually(() => server.health()!.subscriptions.granted === 4, 'it is subscribed');
    const client = createClient({ ...connectionTo(url, version), envelope: 'nest' });
    expect((await client.request('scene/echo', 'answered')).data).toBe('answered');
    broker.publish({ topic: 'scene/event', payload: '1', qos: 1 });
    expect(await seen.atLeast(1)).toEqual([1]);
  },

  async moved(version) {
    for (const reasonCode of [0x9c, 0x9d]) {
      for (const followServerReference of [true, false]) {
        const there = await startInProcessBroker();
        const reference = { serverReference: new URL(there.url).host };
        const scene = await start(version, { followServerReference }, reference);
        scene.broker.faults.drop(ID, { reasonCode });
        await reconnected(scene.states);
        const [at, notAt] = followServerReference ? [there.broker, scene.broker] : [scene.broker, there.broker];
        await servesAgain({ ...scene, broker: at });
        expect(notAt.clients).toEqual([]);
      }
    }
  },
});

// what is not a fault of the table: the same errors, from a client
describeFaults(
  { title: 'a client', faults: { fatal: { fault: 'refused for good', outcome: 'its calls reject with the refusal' } } },
  {
    async fatal(version) {
      const { broker, url } = await startInProcessBroker();
      broker.faults.refuseConnections(0x86);
      const client = createClient(connectionTo(url, version));
      for (const call of [client.connect(), client.publish('a', 1), client.publish('a', 1, { qos: 1 })]) {
        expect(await rejection(call)).toBeInstanceOf(ConnectionRefusedError);
      }
    },
  },
);
