/* oxlint-disable jest/no-standalone-expect -- scenarios of describeFaults */
import { expect } from '@jest/globals';
import { toArray, lastValueFrom, tap } from 'rxjs';
import { ConnectionClosedError, ConnectionRefusedError, type ClientMqtt, type ServerMqtt } from '../../../lib/index.js';
import { eventually } from '../../support/deadline.js';
import { durable } from '../../support/durable-session.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startMosquitto } from '../../support/test-broker.js';
import { describeFaults } from './describe-faults.js';
import { RESTARTS } from './fault-table.js';
import { newScene, reconnected, rejection, statesOf } from './scene.js';

/** In Nest's envelope requests go over 3.1.1 too. */
const NEST = { envelope: 'nest' } as const;

function subscribed({ health }: { health: () => ReturnType<ServerMqtt['health']> }): boolean {
  const now = health(); // while there is no connection, it tells what was granted before
  return now?.connected === true && now.subscriptions.granted === now.subscriptions.wanted;
}

/** SUBSCRIBE packets that a server or a client sends from now on. */
function subscribesOf(target: ServerMqtt | ClientMqtt): Journal<string> {
  const subscribes = new Journal<string>();
  target.on('packetsend', ({ cmd }) => {
    if (cmd === 'subscribe') subscribes.add(cmd);
  });
  return subscribes;
}

function lossesOf(target: ServerMqtt | ClientMqtt): Journal<string> {
  const losses = new Journal<string>();
  target.on('sessionLost', () => losses.add('lost'));
  return losses;
}

describeWhereInstalled(['mosquitto'], 'a Mosquitto process', () => {
  describeFaults(RESTARTS, {
    async midPublish(version) {
      const mosquitto = await startMosquitto({ persistence: true });
      const connection = connectionTo(mosquitto.url, version);
      const { seen, controllers } = newScene();
      await startServer(durable(connection), { controllers });
      const client = createClient(durable(connection));
      const numbers = Array.from({ length: 500 }, (_, n) => n);
      const published = Promise.all(numbers.map((n) => client.publish('scene/event', n, { qos: 1 })));
      await seen.atLeast(20);
      await mosquitto.restart({ signal: 'SIGKILL' });
      await published;
      // what a broker acknowledged and had not yet written to its disk when it was killed is its own loss: publish a last one
      await client.publish('scene/event', 'last', { qos: 1 });
      await seen.first((data) => data === 'last');
      expect(transportLogs('error')).toEqual([]);
      const arrived = new Set(seen.entries);
      expect(numbers.slice(-100).filter((n) => !arrived.has(n))).toEqual([]); // those under way
    },

    async midRequest(version) {
      const mosquitto = await startMosquitto();
      const connection = connectionTo(mosquitto.url, version);
      const { runs, controllers } = newScene();
      const { server } = await startServer(connection, { controllers });
      const client = createClient({ ...connection, ...NEST });
      const states = statesOf(server);
      const request = rejection(client.request('scene/held', 1));
      await runs.started.atLeast(1);
      await mosquitto.restart({ signal: 'SIGKILL' });
      const error = await request;
      expect(error).toBeInstanceOf(ConnectionClosedError);
      expect(error).toMatchObject({ maybeExecuted: true });
      runs.releaseAll();
      await reconnected(states);
      await eventually(() => subscribed({ health: () => server.health() }), 'the server is subscribed again');
      expect((await client.request('scene/echo', 'next')).data).toBe('next');
    },

    async midStream(version) {
      const mosquitto = await startMosquitto();
      const connection = connectionTo(mosquitto.url, version);
      const { controllers } = newScene();
      await startServer(connection, { controllers });
      const client = createClient({ ...connection, ...NEST });
      const values = new Journal<unknown>();
      const stream = rejection(lastValueFrom(client.send('scene/stream', {}).pipe(tap(values.add), toArray())));
      await values.atLeast(3);
      await mosquitto.restart({ signal: 'SIGKILL' });
      expect(await stream).toMatchObject({ name: 'ConnectionClosedError', maybeExecuted: true });
      expect(values.entries).toEqual([0, 1, 2]);
    },

    async withPersistence(version) {
      const mosquitto = await startMosquitto({ persistence: true });
      const connection = connectionTo(mosquitto.url, version);
      const { seen, controllers } = newScene();
      const { server } = await startServer(durable(connection), { controllers });
      const states = statesOf(server);
      const [subscribes, losses] = [subscribesOf(server), lossesOf(server)];
      await mosquitto.restart();
      const client = createClient(connection);
      await client.publish('scene/event', 'meanwhile', { qos: 1 }); // whether it is back already or not
      expect(await seen.atLeast(1)).toEqual(['meanwhile']);
      await reconnected(states);
      expect([subscribes.size, losses.size]).toEqual([0, 0]);
    },

    async withoutPersistence(version) {
      const mosquitto = await startMosquitto();
      const connection = connectionTo(mosquitto.url, version);
      const { seen, controllers } = newScene();
      const { server } = await startServer(durable(connection), { controllers });
      const states = statesOf(server);
      const [subscribes, losses] = [subscribesOf(server), lossesOf(server)];
      await mosquitto.restart();
      await reconnected(states);
      await eventually(() => subscribes.size > 0 && subscribed({ health: () => server.health() }), 'subscribed anew');
      await createClient(connection).publish('scene/event', 'after', { qos: 1 });
      expect(await seen.atLeast(1)).toEqual(['after']);
      expect(losses.entries).toEqual(['lost']);
    },

    async silentTakeover(version) {
      const mosquitto = await startMosquitto();
      const connection = { ...connectionTo(mosquitto.url, version), reconnect: { initialDelay: 1, maxDelay: 5 } };
      const clients = [1, 2].map(() => createClient({ ...connection, clientId: 'twin' }));
      const closed = new Journal<ClientMqtt>();
      for (const client of clients) {
        client.status.subscribe((state) => {
          if (state === 'closed') closed.add(client);
        });
      }
      await Promise.all(clients.map((client) => client.connect()));
      const [loser] = await closed.atLeast(1);
      expect(transportLogs('warn')).toContainEqual(
        expect.stringMatching(/another client use the Client Identifier "twin"/),
      );
      expect(transportLogs('error')[0]).toMatch(/took over the session of Client Identifier "twin"/);
      const error = await rejection(loser!.publish('a', 1));
      expect(error).toBeInstanceOf(ConnectionRefusedError);
    },
  });
});
