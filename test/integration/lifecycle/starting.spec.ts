/* oxlint-disable jest/no-standalone-expect -- scenarios of describeFaults */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect } from '@jest/globals';
import type { IConnectPacket } from 'mqtt-packet';
import {
  ConnectionClosedError,
  ConnectionRefusedError,
  SubscriptionRefusedError,
  type MqttServerOptions,
} from '../../../lib/index.js';
import type { MqttBroker, MqttBrokerOptions } from '../../../lib/testing/index.js';
import { closeAfterTest } from '../../support/closing.js';
import { eventually } from '../../support/deadline.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { createServer as createApp, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { describeFaults } from './describe-faults.js';
import { STARTING } from './fault-table.js';
import { newScene, rejection } from './scene.js';

/** Refusals that may pass: 3.1.1 has one word for all of them. */
const PASSING = { 5: [0x88, 0x89, 0x97, 0x9f], 4: [0x88] } as const;
const FIRM = { 5: [0x80, 0x84, 0x85, 0x86, 0x87, 0x8a, 0x8c, 0x90, 0x95, 0x99], 4: [0x84, 0x85, 0x86, 0x87] } as const;
const ELSEWHERE = [0x9c, 0x9d];
/** For what is not going to be answered. */
const IMPATIENT = { connectTimeout: 100 };

/** CONNECTs that a broker gets. */
function connectsOf(broker: MqttBroker): Journal<IConnectPacket> {
  const connects = new Journal<IConnectPacket>();
  broker.on('packet', ({ packet }) => {
    if (packet.cmd === 'connect') connects.add(packet);
  });
  return connects;
}

/** Starts a server, and has it serve one message. */
async function serves(options: MqttServerOptions, broker: MqttBroker): Promise<void> {
  const { seen, controllers } = newScene();
  await startServer(options, { controllers });
  broker.publish({ topic: 'scene/event', payload: '1', qos: 1 });
  expect(await seen.atLeast(1)).toEqual([1]);
}

/** What `listen()` rejects with; no connection is left behind. */
async function refusal(options: MqttServerOptions, broker?: MqttBroker): Promise<Error> {
  const { controllers } = newScene();
  const { app } = await createApp(options, { controllers });
  const error = await rejection(app.listen());
  await eventually(() => !broker?.clients.length, 'no client is connected');
  return error;
}

async function refusalOfShared(version: 4 | 5, options: MqttBrokerOptions): Promise<Error> {
  const { broker, url } = await startInProcessBroker(options);
  return refusal({ ...connectionTo(url, version), subscribeOptions: { shared: 'group' } }, broker);
}

const SHARED = ['scene/event', 'scene/echo', 'scene/held', 'scene/stream'].map((filter) => `$share/group/${filter}`);

/** A port that takes connections and never says anything. */
async function silentPort(): Promise<number> {
  const silent = createServer((socket) => socket.on('error', () => {}));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  closeAfterTest(() => silent.close());
  return (silent.address() as AddressInfo).port;
}

describeFaults(STARTING, {
  async nobodyListens(version) {
    const { broker, url } = await startInProcessBroker();
    await broker.stop();
    const error = await refusal({ ...connectionTo(url, version), maxConnectionAttempts: 3 });
    expect(error).toBeInstanceOf(ConnectionRefusedError);
    expect(error.message).toMatch(/127\.0\.0\.1:\d+ \(3 attempts\).*ECONNREFUSED/);
    expect(transportLogs('warn')).toEqual([expect.stringMatching(/^Cannot connect to mqtt:.*ECONNREFUSED/)]);
  },

  async refusedForNow(version) {
    for (const reasonCode of PASSING[version]) {
      const { broker, url } = await startInProcessBroker();
      const connects = connectsOf(broker);
      broker.faults.refuseConnections(reasonCode, { times: 2 });
      await serves(connectionTo(url, version), broker);
      expect(connects.size).toBe(3);
    }
  },

  async refusedForGood(version) {
    for (const reasonCode of FIRM[version]) {
      const { broker, url } = await startInProcessBroker();
      const connects = connectsOf(broker);
      broker.faults.refuseConnections(reasonCode);
      const error = await refusal(connectionTo(url, version), broker);
      expect(error).toBeInstanceOf(ConnectionRefusedError);
      expect(error).toMatchObject({ reasonCode });
      expect(connects.size).toBe(1);
    }
  },

  async credentialsThrow(version) {
    const { broker, url } = await startInProcessBroker();
    let asked = 0;
    const credentials = () => {
      if (++asked < 3) throw new Error('the vault is sealed');
      return { username: 'ada' };
    };
    await serves({ ...connectionTo(url, version), credentials }, broker);
    expect(transportLogs('warn')).toEqual([expect.stringContaining('the vault is sealed')]);
  },

  async credentialsHang(version) {
    const { broker, url } = await startInProcessBroker();
    let asked = 0;
    const credentials = () => (++asked === 1 ? new Promise<object>(() => {}) : { username: 'ada' });
    await serves({ ...connectionTo(url, version), ...IMPATIENT, credentials }, broker);
    expect(transportLogs('warn')[0]).toContain('credentials()'); // a slow machine may add other timeouts
  },

  async noConnack(version) {
    const { broker, url } = await startInProcessBroker();
    const answer = broker.faults.withhold('out', 'connack');
    const connects = connectsOf(broker);
    const serving = serves({ ...connectionTo(url, version), ...IMPATIENT }, broker);
    await connects.atLeast(2);
    answer();
    await serving;
    expect(transportLogs('warn')[0]).toContain('connack timeout');
  },

  async oneOfSeveral(version) {
    const { broker, url: closed } = await startInProcessBroker();
    await broker.stop();
    const there = await startInProcessBroker();
    const { url: _url, ...connection } = connectionTo(there.url, version);
    const ports = [Number(new URL(closed).port), await silentPort(), Number(new URL(there.url).port)];
    const servers = ports.map((port) => ({ host: '127.0.0.1', port }));
    await serves({ ...connection, ...IMPATIENT, servers }, there.broker);
    there.broker.faults.drop(there.broker.clients[0]!.clientId); // and comes back, by way of the others
    await there.broker.waitFor('subscribe');
  },

  async subscriptionRefused(version) {
    const { broker, url } = await startInProcessBroker();
    for (const filter of ['scene/event', 'scene/held']) broker.faults.refuseSubscriptions(filter, 0x87);
    const error = await refusal(connectionTo(url, version), broker);
    expect(error).toBeInstanceOf(SubscriptionRefusedError);
    const reasonCode = version === 5 ? 0x87 : 0x80;
    const refused = ['scene/event', 'scene/held'].map((filter) => ({ filter, reasonCode }));
    expect(error).toMatchObject({ refused });
  },

  async sharedAnnounced(version) {
    const { broker, url } = await startInProcessBroker({ sharedSubscriptions: false });
    const subscribes = new Journal<unknown>();
    broker.on('subscribe', subscribes.add);
    const error = await refusal({ ...connectionTo(url, version), subscribeOptions: { shared: 'group' } }, broker);
    expect(error).toBeInstanceOf(SubscriptionRefusedError);
    expect((error as SubscriptionRefusedError).refused.map(({ filter }) => filter)).toEqual(SHARED);
    expect(subscribes.entries).toEqual([]);
  },

  async sharedRefused(version) {
    const { broker, url } = await startInProcessBroker();
    broker.faults.refuseSubscriptions(({ filter }) => filter.startsWith('$share/'), 0x9e);
    const error = await refusal({ ...connectionTo(url, version), subscribeOptions: { shared: 'group' } }, broker);
    expect(error).toBeInstanceOf(SubscriptionRefusedError);
    expect((error as SubscriptionRefusedError).refused.map(({ filter }) => filter)).toEqual(SHARED);
  },

  async sharedDisconnects(version) {
    const error = await refusalOfShared(version, { sharedSubscriptions: 'disconnect' });
    expect(error).toBeInstanceOf(SubscriptionRefusedError);
    expect((error as SubscriptionRefusedError).refused.map(({ filter }) => filter)).toEqual(SHARED);
  },

  async sharedCuts(version) {
    const error = await refusalOfShared(version, { sharedSubscriptions: 'disconnect' });
    expect(error).toBeInstanceOf(SubscriptionRefusedError);
    expect(error.message).toContain('closed the connection because of it, twice');
  },

  async sharedSilent(version) {
    const { broker, url } = await startInProcessBroker({ sharedSubscriptions: 'silent' });
    const { controllers } = newScene();
    const options = { ...connectionTo(url, version), subscribeOptions: { shared: 'group' } };
    const { server } = await startServer(options, { controllers });
    expect(broker.publish({ topic: 'scene/event', payload: '1' })).toBe(0);
    expect(server.health()).toMatchObject({ subscriptions: { wanted: 4, granted: 4 } });
  },

  async noSuback(version) {
    const { broker, url } = await startInProcessBroker();
    broker.faults.withhold('out', 'suback');
    const subscribes = new Journal<unknown>();
    broker.on('subscribe', subscribes.add);
    const error = await refusal({ ...connectionTo(url, version), ...IMPATIENT }, broker);
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(error.message).toContain('did not answer a SUBSCRIBE');
    expect(subscribes.size % 5).toBe(0);
  },

  async elsewhereFollowed(version) {
    for (const reasonCode of ELSEWHERE) {
      const there = await startInProcessBroker();
      const { url } = await startInProcessBroker({
        authenticate: () => reasonCode,
        serverReference: new URL(there.url).host,
      });
      await serves({ ...connectionTo(url, version), followServerReference: true }, there.broker);
    }
  },

  async elsewhereRefused(version) {
    for (const reasonCode of ELSEWHERE) {
      const { broker, url } = await startInProcessBroker({
        authenticate: () => reasonCode,
        serverReference: 'localhost:1',
      });
      const connects = connectsOf(broker);
      const error = await refusal(connectionTo(url, version), broker);
      expect(error).toBeInstanceOf(ConnectionRefusedError);
      expect(error).toMatchObject({ reasonCode });
      expect(connects.size).toBe(1);
    }
  },
});
