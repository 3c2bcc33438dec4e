/* oxlint-disable jest/expect-expect -- the functions that they share expect */
import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { concatMap, from, lastValueFrom, toArray, type Observable } from 'rxjs';
import {
  SubscriptionRefusedError,
  type ClientMqtt,
  type MqttClientOptions,
  type MqttMessage,
} from '../../../lib/index.js';
import type { MqttBroker } from '../../../lib/testing/index.js';
import { eventually } from '../../support/deadline.js';
import { durable } from '../../support/durable-session.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { createClient, createServer, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker, startMosquitto, type TestConnection } from '../../support/test-broker.js';
import { tapWire } from '../../support/wire-tap.js';
import { rejection, statesOf } from '../lifecycle/scene.js';
import { hangUpOverFilters } from './hang-ups.js';

/** Mosquitto takes 200 levels below the first. */
const TOO_DEEP = `top${'/l'.repeat(201)}`;
const WORDS = [
  [5, 'DISCONNECT 0x87', 0x87],
  [5, 'DISCONNECT 0x8f', 0x8f],
  [5, 'without a word', undefined],
  [4, 'without a word', undefined],
] as const;

function isForbidden(filter: string): boolean {
  return filter.startsWith('forbidden');
}

function inAnotherTurn<T>(value: T): Promise<T> {
  return new Promise((resolve) => setImmediate(() => resolve(value)));
}

/** How listening to a filter ends. */
function endOf(client: ClientMqtt, filter: string, heard: (message: MqttMessage) => void = () => {}): Promise<unknown> {
  return new Promise((resolve) => {
    client.messages(filter).subscribe({ next: heard, error: resolve, complete: () => resolve(undefined) });
  });
}

function expectRefusal(error: unknown, filters: readonly string[]): void {
  expect(error).toBeInstanceOf(SubscriptionRefusedError);
  expect((error as SubscriptionRefusedError).refused.map(({ filter }) => filter)).toEqual(filters);
  expect((error as Error).message).toContain('closed the connection because of it, twice');
}

/** It hears what comes in and sends what goes out. */
async function expectAlive(client: ClientMqtt, heard: Journal<string>, states: Journal<string>): Promise<void> {
  await eventually(() => client.health()?.subscriptions.granted === 1, 'the good filter is granted');
  expect(client.health()!.subscriptions).toEqual({ wanted: 1, granted: 1 });
  await client.publish('good', 'still there', { qos: 1 });
  await heard.first((data) => data === 'still there');
  expect(states.entries).not.toContain('closed');
  expect(transportLogs('warn').join()).not.toMatch(/another client/);
}

async function listen(options: MqttClientOptions) {
  const client = createClient(options);
  const heard = new Journal<string>();
  void endOf(client, 'good', ({ data }) => heard.add(data as string));
  await client.connect();
  await eventually(() => client.health()?.subscriptions.granted === 1, 'it listens');
  return { client, heard, states: statesOf(client) };
}

function filtersAskedFor(tap: Awaited<ReturnType<typeof tapWire>>): string[] {
  return tap.sent('client', 'subscribe').flatMap(({ subscriptions }) => subscriptions.map(({ topic }) => topic));
}

describe.each(WORDS)(
  'row 8: a broker that ends the connection over a filter, protocol version %i, %s',
  (version, _words, reasonCode) => {
    async function scene(
      over: (filter: string) => boolean,
    ): Promise<{ broker: MqttBroker; connection: TestConnection; hangUps: Journal<string> }> {
      const { broker, url } = await startInProcessBroker();
      return { broker, connection: connectionTo(url, version), hangUps: hangUpOverFilters(broker, over, reasonCode) };
    }

    it("messages('forbidden/#'): ends with SubscriptionRefusedError, everything else goes on", async () => {
      const { broker, connection, hangUps } = await scene(isForbidden);
      const { client, heard, states } = await listen({ ...connection, clientId: 'listener' });
      expectRefusal(await endOf(client, 'forbidden/#'), ['forbidden/#']);
      await expectAlive(client, heard, states);
      broker.faults.drop('listener');
      await states.until((all) => all.filter((state) => state === 'connected').length >= 3, 'one more connection');
      await expectAlive(client, heard, states);
      expect(hangUps.entries).toEqual(['forbidden/#', 'forbidden/#']);
    });

    it.each([3, 25])('%i forbidden filters at once: each of them ends so', async (count) => {
      const { connection, hangUps } = await scene(isForbidden);
      const { client, heard, states } = await listen(connection);
      const filters = Array.from({ length: count }, (_, n) => `forbidden/${n}`);
      const ends = await Promise.all(filters.map((filter) => endOf(client, filter)));
      for (const [i, end] of ends.entries()) expectRefusal(end, [filters[i]!]);
      await expectAlive(client, heard, states);
      for (const filter of filters)
        expect(hangUps.entries.filter((each) => each === filter).length).toBeLessThanOrEqual(2);
    });

    it('the inbox: the request rejects with SubscriptionRefusedError, everything else goes on', async () => {
      const { connection, hangUps } = await scene((filter) => isForbidden(filter) || filter.endsWith('/reply'));
      const prefix = version === 5 && { responseTopicPrefix: 'forbidden' };
      const { client, heard, states } = await listen({ ...connection, ...prefix });
      expectRefusal(await rejection(client.request('asked', 1)), [hangUps.entries[0]!]);
      await expectAlive(client, heard, states);
      expect(hangUps.size).toBe(2);
    });

    it('a filter of one handler among four: listen() rejects, and names that filter', async () => {
      @Controller()
      class Handlers {
        @EventPattern<string[]>(['allowed/1', 'forbidden/2', 'allowed/3', 'allowed/4'])
        take(): void {}
      }

      const { broker, connection, hangUps } = await scene(isForbidden);
      const { app } = await createServer(connection, { controllers: [Handlers] });
      expectRefusal(await rejection(app.listen()), ['forbidden/2']);
      await eventually(() => broker.clients.length === 0, 'it has disconnected');
      expect(hangUps.size).toBe(2);
    });

    it('a QoS 1 message that is under way is delivered', async () => {
      const { broker, connection } = await scene(isForbidden);
      const { client, heard, states } = await listen({ ...connection, clientId: 'listener' });
      const answer = broker.faults.withhold('out', { cmd: 'puback', clientId: 'listener' });
      const sent = broker.waitFor('publish', ({ message }) => message.topic === 'under/way');
      const published = client.publish('under/way', 1, { qos: 1 });
      await sent;
      const refused = endOf(client, 'forbidden/1');
      await states.first((state) => state === 'disconnected');
      answer();
      expectRefusal(await refused, ['forbidden/1']);
      await expect(published).resolves.toBeUndefined();
      await expectAlive(client, heard, states);
    });

    it('a QoS 1 message that is sent again while the connection ends over the next filter is delivered', async () => {
      const { broker, connection } = await scene(isForbidden);
      const { client, heard, states } = await listen({ ...connection, clientId: 'listener' });
      const answer = broker.faults.withhold('out', { cmd: 'puback', clientId: 'listener' });
      const taken = new Journal<string>();
      broker.on('publish', ({ message }) => taken.add(message.topic));
      const published = client.publish('under/way', 1, { qos: 1 });
      await taken.atLeast(1);
      expectRefusal(await endOf(client, 'forbidden/1'), ['forbidden/1']);
      await taken.atLeast(2); // it is under way again, and not answered
      const refused = endOf(client, 'forbidden/2');
      await states.until((all) => all.filter((state) => state === 'disconnected').length >= 3, 'the third loss');
      answer();
      expectRefusal(await refused, ['forbidden/2']);
      await expect(published).resolves.toBeUndefined();
      await expectAlive(client, heard, states);
    });
  },
);

describe.each([
  ['DISCONNECT 0x87', 0x87],
  ['without a word', undefined],
] as const)('row 8: a broker that ends the connection over the control topic of a stream, %s', (_words, reasonCode) => {
  it('three streams come whole, the server goes on, and the topic is not asked for again and again', async () => {
    @Controller()
    class Handlers {
      @MessagePattern('stream')
      stream(@Payload() first: number): Observable<number> {
        return from([first, first + 1, first + 2]).pipe(concatMap(inAnotherTurn));
      }
    }

    const { broker, url } = await startInProcessBroker();
    const hangUps = hangUpOverFilters(broker, (filter) => filter.startsWith('control/'), reasonCode);
    const session = { ...durable(connectionTo(url)), subscribeOptions: { qos: 1 } } as const; // nothing is lost meanwhile
    const { server } = await startServer(session, { controllers: [Handlers] });
    const states = statesOf(server);
    const client = createClient({ ...connectionTo(url), publishOptions: { qos: 1 } });
    for (const first of [10, 20, 30]) {
      const values = await lastValueFrom(client.send<number>('stream', first).pipe(toArray()));
      expect(values).toEqual([first, first + 1, first + 2]);
    }
    expect(hangUps.size).toBe(2);
    expect(transportLogs('warn')).toContainEqual(expect.stringContaining('Callers cannot cancel streams'));
    expect(states.entries).not.toContain('closed');
  });
});

describe.each([
  [5, /0x9e/, 2],
  [4, /closed the connection because of it, twice/, 10],
] as const)('a broker without Shared Subscriptions, protocol version %i', (version, reason, connections) => {
  it(`listen() rejects, and names all of a group's 8 filters, on ${connections} connections at most`, async () => {
    const { broker, url } = await startInProcessBroker({ sharedSubscriptions: 'disconnect' });
    const ends = new Journal<unknown>();
    broker.on('disconnect', ends.add);
    const filters = Array.from({ length: 8 }, (_, i) => `group/${i}`);

    @Controller()
    class Group {
      @EventPattern<string[]>(filters, { shared: 'workers' })
      handle(): void {}
    }

    const { app } = await createServer(connectionTo(url, version), { controllers: [Group] });
    const error = (await rejection(app.listen())) as SubscriptionRefusedError;
    expect(error).toBeInstanceOf(SubscriptionRefusedError);
    expect(error.refused.map(({ filter }) => filter)).toEqual(filters.map((filter) => `$share/workers/${filter}`));
    expect(error.message).toMatch(reason);
    await eventually(() => broker.clients.length === 0, 'no client is connected');
    expect(ends.size).toBeLessThanOrEqual(connections);
  });
});

describeWhereInstalled(['mosquitto'], 'row 8: a Mosquitto that ends the connection over a filter', () => {
  describe.each([5, 4] as const)('protocol version %i', (version) => {
    async function scene() {
      const mosquitto = await startMosquitto();
      const connection = connectionTo(mosquitto.url, version);
      return { connection, tap: await tapWire(connection) };
    }

    it('messages() of more than 200 levels: ends with SubscriptionRefusedError, everything else goes on', async () => {
      const { tap } = await scene();
      const { client, heard, states } = await listen(tap.connection);
      expectRefusal(await endOf(client, TOO_DEEP), [TOO_DEEP]);
      await expectAlive(client, heard, states);
      expect(filtersAskedFor(tap).filter((filter) => filter === TOO_DEEP)).toHaveLength(2);
    });

    it('messages() of a filter with a control character, which is allowed here: the same', async () => {
      const { tap } = await scene();
      const { client, heard, states } = await listen({ ...tap.connection, discouragedCharacters: 'allow' });
      expectRefusal(await endOf(client, 'a\u0002/#'), ['a\u0002/#']);
      await expectAlive(client, heard, states);
      expect(filtersAskedFor(tap).filter((filter) => filter === 'a\u0002/#')).toHaveLength(2);
    });

    it('an inbox of more than 200 levels: the request rejects, everything else goes on', async () => {
      const { tap } = await scene();
      const prefix = version === 5 && { responseTopicPrefix: TOO_DEEP };
      const { client, heard, states } = await listen({ ...tap.connection, ...prefix });
      const topic = version === 5 ? 'asked' : TOO_DEEP;
      const error = await rejection(client.request(topic, 1));
      expect(error).toBeInstanceOf(SubscriptionRefusedError);
      await expectAlive(client, heard, states);
      const asked = filtersAskedFor(tap).filter((filter) => filter.startsWith('top/'));
      expect(asked).toHaveLength(2);
    });

    it('a handler of more than 200 levels: listen() rejects, and names its filter; the others are served without it', async () => {
      const seen = new Journal<unknown>();

      @Controller()
      class Good {
        @EventPattern<string[]>(['good/1', 'good/2'])
        take(@Payload() data: unknown): void {
          seen.add(data);
        }
      }

      @Controller()
      class Bad {
        @EventPattern<string>(TOO_DEEP)
        take(): void {}
      }

      const { connection, tap } = await scene();
      const { app } = await createServer(tap.connection, { controllers: [Good, Bad] });
      expectRefusal(await rejection(app.listen()), [TOO_DEEP]);
      await startServer(connection, { controllers: [Good] });
      const peer = await connectMqttJs(connection);
      await peer.publishAsync('good/2', '1');
      expect(await seen.atLeast(1)).toEqual([1]);
    });
  });
});
