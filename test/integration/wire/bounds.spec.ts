import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import {
  BackpressureError,
  ClientMqtt,
  ConnectionClosedError,
  InvalidOptionsError,
  PublishCancelledError,
  PublishTimeoutError,
  RequestTimeoutError,
  ServerMqtt,
  type MqttClientOptions,
} from '../../../lib/index.js';
import { HeldRuns } from '../../support/held-runs.js';
import { Journal } from '../../support/journal.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { rejection, statesOf } from '../lifecycle/scene.js';
import { startSilentHost } from './silent-host.js';

const ROOM = 100;
const PUBLISHES = 5_000;
/** Attempts at a host that says nothing are given up soon. */
const IMPATIENT = { connectTimeout: 100 };
const QOS = [0, 1, 2] as const;

/** A client of a host that says nothing, until it wakes up and is a broker. */
async function silence(version: 4 | 5, options: MqttClientOptions = {}) {
  const { broker, url } = await startInProcessBroker();
  const wakeUp = broker.faults.withhold('in', 'connect');
  const taken = new Journal<string>();
  broker.on('publish', ({ message }) => taken.add(`${message.topic} ${message.payload.toString()}`));
  const connects = new Journal<string>();
  broker.on('packet', ({ packet }) => {
    if (packet.cmd === 'connect') connects.add(packet.clientId);
  });
  const client = createClient({ ...connectionTo(url, version), ...IMPATIENT, ...options });
  const states = statesOf(client);
  return { broker, client, wakeUp, taken, connects, states };
}

describe.each([5, 4] as const)('row 10: a host that accepts TCP and says nothing, protocol version %i', (version) => {
  it.each(QOS)('maxQueuedMessages: 100 and 5,000 publishes at QoS %i: 4,900 are refused at once', async (qos) => {
    const { url, arrivals } = await startSilentHost();
    const client = createClient({ ...connectionTo(url, version), maxQueuedMessages: ROOM, gracefulTimeout: 0 });
    const waiting = new Set(Array.from({ length: ROOM }, (_, n) => n));
    const ends = Array.from({ length: PUBLISHES }, (_, n) => {
      return rejection(client.publish('silent', n, { qos })).then((error) => {
        waiting.delete(n);
        return error;
      });
    });
    const refused = await Promise.all(ends.slice(ROOM));
    expect(refused.every((error) => error instanceof BackpressureError)).toBe(true);
    expect(refused[0]).toMatchObject({ option: 'maxQueuedMessages', limit: ROOM });
    await arrivals.atLeast(1); // the CONNECT
    expect(waiting.size).toBe(ROOM);
    await client.close();
    for (const error of await Promise.all(ends.slice(0, ROOM))) expect(error).toBeInstanceOf(ConnectionClosedError);
  });

  it('the 100 that wait are sent when it wakes up, in order, between attempts too', async () => {
    const { client, wakeUp, taken, connects } = await silence(version, { maxQueuedMessages: ROOM });
    const half = ROOM / 2;
    const numbers = Array.from({ length: ROOM }, (_, n) => n);
    const first = numbers.slice(0, half).map((n) => client.publish('silent', n, { qos: QOS[n % 3]! }));
    await connects.atLeast(2); // the first attempt has failed
    const second = numbers.slice(half).map((n) => client.publish('silent', n, { qos: QOS[n % 3]! }));
    expect(await rejection(client.publish('silent', ROOM))).toBeInstanceOf(BackpressureError);
    wakeUp();
    await Promise.all([...first, ...second]);
    expect(await taken.atLeast(ROOM)).toEqual(numbers.map((n) => `silent ${n}`));
  });

  it.each(QOS)("offline: 'fail', QoS %i: what waits for the first attempt is rejected when that fails", async (qos) => {
    const { client, connects, states } = await silence(version, { offline: 'fail' });
    const errors = [1, 2].map(() => rejection(client.publish('silent', 1, { qos })));
    await connects.atLeast(1);
    expect(states.entries).toEqual([]); // it is still waited for
    for (const error of await Promise.all(errors)) {
      expect(error).toBeInstanceOf(ConnectionClosedError);
      expect(error).toMatchObject({ maybeExecuted: false });
    }
    expect(await rejection(client.publish('silent', 1, { qos }))).toBeInstanceOf(ConnectionClosedError);
  });

  it("offline: 'fail': a request that waits for the first attempt is rejected when that fails", async () => {
    const { client } = await silence(version, { offline: 'fail', envelope: 'nest', requestTimeout: 5_000 });
    const error = await rejection(client.request('silent', 1));
    expect(error).toBeInstanceOf(ConnectionClosedError);
    expect(error).toMatchObject({ maybeExecuted: false });
  });

  it("offline: 'fail': what waits for the first attempt is sent when that succeeds", async () => {
    const { client, wakeUp, taken } = await silence(version, { offline: 'fail', connectTimeout: 10_000 });
    wakeUp();
    await Promise.all(QOS.map((qos) => client.publish('awake', qos, { qos })));
    expect(await taken.atLeast(3)).toEqual(['awake 0', 'awake 1', 'awake 2']);
  });

  describe.each(QOS)('publish(..., { timeout, signal }), QoS %i', (qos) => {
    it.each(['connecting', 'between attempts'] as const)(
      'while it is %s: both hold, and nothing of it is sent',
      async (state) => {
        const { client, wakeUp, taken, states } = await silence(version, { maxQueuedMessages: 2 });
        if (state === 'between attempts') {
          client.connect().catch(() => {});
          await states.first((each) => each === 'reconnecting');
        }
        const timedOut = rejection(client.publish('silent', 'timeout', { qos, timeout: 20 }));
        const abort = new AbortController();
        const cancelled = rejection(client.publish('silent', 'signal', { qos, signal: abort.signal, timeout: 60_000 }));
        expect(await timedOut).toBeInstanceOf(PublishTimeoutError);
        expect(await timedOut).toMatchObject({ topic: 'silent', timeout: 20, maybePublished: false });
        abort.abort(new Error('no longer wanted'));
        expect(await cancelled).toBeInstanceOf(PublishCancelledError);
        expect(await cancelled).toMatchObject({ maybePublished: false, cause: { message: 'no longer wanted' } });
        const kept = [1, 2].map((n) => client.publish('kept', n, { qos })); // there is room again
        wakeUp();
        await Promise.all(kept);
        await client.publish('marker', 0, { qos: 1 });
        expect(taken.entries).toEqual(['kept 1', 'kept 2', 'marker 0']);
      },
    );

    it('a signal that has aborted before: nothing is sent', async () => {
      const { client, wakeUp, taken } = await silence(version);
      const error = await rejection(client.publish('silent', 1, { qos, signal: AbortSignal.abort() }));
      expect(error).toBeInstanceOf(PublishCancelledError);
      wakeUp();
      await client.publish('marker', 0, { qos: 1 });
      expect(taken.entries).toEqual(['marker 0']);
    });
  });

  it.each([1, 2] as const)(
    'connected, with no acknowledgement, QoS %i: both hold, and say that it may have left',
    async (qos) => {
      const { broker, client, wakeUp, taken } = await silence(version, { gracefulTimeout: 0 });
      wakeUp();
      await client.connect();
      broker.faults.withhold('out', { cmd: ['puback', 'pubrec'] });
      const error = await rejection(client.publish('under/way', 'timeout', { qos, timeout: 20 }));
      expect(error).toMatchObject({ code: 'ERR_MQTT_PUBLISH_TIMEOUT', maybePublished: true });
      const abort = new AbortController();
      const cancelled = rejection(client.publish('under/way', 'signal', { qos, signal: abort.signal }));
      await taken.first((each) => each === 'under/way signal');
      abort.abort();
      expect(await cancelled).toMatchObject({ code: 'ERR_MQTT_PUBLISH_CANCELLED', maybePublished: true });
    },
  );
});

/** Longer than a timer of Node takes, and a month. */
const LONG = [2 ** 31, 2_592_000_000, Infinity];

/** The wait before a retry is drawn at random below it: a shorter one than a timer of Node takes hardly ever comes out. */
const MONTHS_MS = 2 ** 50;

/** A timer of 10 ms, set after another one, has fired: so has the other, if it has 1 ms. */
async function aTimerHasFired(client: ClientMqtt): Promise<void> {
  expect(await rejection(client.request('nobody', 1, { timeout: 10 }))).toBeInstanceOf(RequestTimeoutError);
}

function held() {
  const runs = new HeldRuns<unknown>();

  @Controller()
  class Handlers {
    @MessagePattern('held')
    async held(@Payload() data: unknown): Promise<unknown> {
      await runs.hold(data);
      return data;
    }

    @EventPattern<string>('retried', { retry: { attempts: 2, delay: MONTHS_MS, maxDelay: MONTHS_MS } })
    async retried(@Payload() data: unknown): Promise<void> {
      await runs.hold(data);
      throw new Error('once more');
    }
  }

  return { runs, controllers: [Handlers] };
}

describe('row 17: durations longer than a timer of Node takes', () => {
  describe.each([5, 4] as const)('protocol version %i', (version) => {
    it.each(LONG)('timeout: %d of a request: it is answered', async (timeout) => {
      const { url } = await startInProcessBroker({ noMatchingSubscribers: false });
      const { runs, controllers } = held();
      await startServer(connectionTo(url, version), { controllers });
      const client = createClient({ ...connectionTo(url, version), envelope: 'nest' });
      const answered = client.request('held', 'a', { timeout });
      await runs.started.atLeast(1);
      await aTimerHasFired(client);
      runs.releaseAll();
      expect((await answered).data).toBe('a');
    });

    it.each(LONG)('timeout: %d of a publish: it is delivered', async (timeout) => {
      const { broker, url } = await startInProcessBroker({ noMatchingSubscribers: false });
      const client = createClient({ ...connectionTo(url, version), envelope: 'nest' });
      await client.connect();
      const withheld = broker.faults.withhold('in', { cmd: 'publish', topic: 'long' });
      const published = client.publish('long', 1, { qos: 1, timeout });
      await aTimerHasFired(client);
      withheld();
      broker.faults.drop(broker.clients[0]!.clientId);
      await expect(published).resolves.toBeUndefined();
    });

    it.each(LONG)('handlerTimeout: %d: the handler may take its time', async (handlerTimeout) => {
      const { url } = await startInProcessBroker({ noMatchingSubscribers: false });
      const { runs, controllers } = held();
      await startServer({ ...connectionTo(url, version), handlerTimeout }, { controllers });
      const client = createClient({ ...connectionTo(url, version), envelope: 'nest' });
      const answered = client.request('held', 'a');
      await runs.started.atLeast(1);
      await aTimerHasFired(client);
      runs.releaseAll();
      expect((await answered).data).toBe('a');
    });

    it('retry.delay: 2 ** 50: the handler does not run again at once', async () => {
      const { broker, url } = await startInProcessBroker({ noMatchingSubscribers: false });
      const { runs, controllers } = held();
      await startServer({ ...connectionTo(url, version), gracefulTimeout: 0 }, { controllers });
      const client = createClient({ ...connectionTo(url, version), envelope: 'nest' });
      await client.connect();
      broker.publish({ topic: 'retried', payload: '"a"' });
      await runs.started.atLeast(1);
      runs.releaseAll();
      await runs.ended.atLeast(1);
      await aTimerHasFired(client);
      expect(runs.started.entries).toEqual(['a']);
    });

    it.each(LONG)('gracefulTimeout: %d of a client: close() waits for what was published', async (gracefulTimeout) => {
      const { broker, url } = await startInProcessBroker({ noMatchingSubscribers: false });
      const client = createClient({ ...connectionTo(url, version), gracefulTimeout });
      const other = createClient({ ...connectionTo(url, version), envelope: 'nest' });
      await Promise.all([client.connect(), other.connect()]);
      const { clientId } = client.health()!;
      const withheld = broker.faults.withhold('in', { cmd: 'publish', topic: 'long' });
      const published = client.publish('long', 1, { qos: 1 });
      const closed = client.close();
      await aTimerHasFired(other);
      withheld();
      broker.faults.drop(clientId);
      await closed;
      await expect(published).resolves.toBeUndefined();
    });

    it('reconnect: { initialDelay: 2 ** 31 }: the next attempt is not made at once', async () => {
      const { broker, url } = await startInProcessBroker({ noMatchingSubscribers: false });
      const connects = new Journal<string>();
      broker.on('packet', ({ packet }) => {
        if (packet.cmd === 'connect') connects.add(packet.clientId);
      });
      const reconnect = { initialDelay: 2 ** 31, maxDelay: 2 ** 31, jitter: false };
      const client = createClient({ ...connectionTo(url, version), reconnect, clientId: 'patient' });
      const other = createClient({ ...connectionTo(url, version), envelope: 'nest', clientId: 'other' });
      await Promise.all([client.connect(), other.connect()]);
      const states = statesOf(client);
      broker.faults.drop('patient');
      await states.first((state) => state === 'reconnecting');
      await aTimerHasFired(other);
      expect(connects.entries.filter((clientId) => clientId === 'patient')).toHaveLength(1);
    });
  });

  it.each([ServerMqtt, ClientMqtt])('connectTimeout: 2 ** 31 of %p, whose timer is MQTT.js’s: refused', (Transport) => {
    expect(() => new Transport({ connectTimeout: 2 ** 31 })).toThrow(InvalidOptionsError);
    expect(() => new Transport({ connectTimeout: 2 ** 31 - 1 })).not.toThrow();
  });

  it('ping(2 ** 31): refused', async () => {
    const client = createClient({});
    expect(await rejection(client.ping(2 ** 31))).toBeInstanceOf(InvalidOptionsError);
  });
});
