import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { finalize, firstValueFrom, interval, type Observable } from 'rxjs';
import { FeatureNotSupportedError, MqttContext, MqttSubscription } from '../../../lib/index.js';
import type { MqttBrokerOptions } from '../../../lib/testing/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { durable } from '../../support/durable-session.js';
import { handlersOf } from '../../support/filter-handlers.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { createClient, createServer, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { tapWire } from '../../support/wire-tap.js';

const MESSAGES = 20;
const FILTERS = ['a/+', 'a/#', 'a/b', '+/b'];
const BREACH = /violates section 3\.3\.4/;

/** Equal payloads in a row: a broker's copies of one message look the same. */
const PAYLOADS = Array.from({ length: MESSAGES }, (_, i) => String(Math.floor(i / 4)));

function runsDue(filters: readonly string[]): string[] {
  return [...filters.flatMap((filter) => PAYLOADS.map((data) => `${filter} ${data}`)), 'a/+ end', 'a/# end'];
}

describeEachBroker(
  'fault 2: handlers a/+, a/#, a/b, +/b',
  (broker) => {
    it.each([0, 1, 2] as const)('each runs once for each of 20 messages to a/b, QoS %i', async (qos) => {
      const runs = new Journal<string>();
      await startServer(broker.connection, { controllers: handlersOf(runs, FILTERS, { qos }) });
      const device = await connectMqttJs(broker);
      for (const data of PAYLOADS) await device.publishAsync('a/b', data, { qos });
      await device.publishAsync('a/end', 'end', { qos });
      await runs.atLeast(runsDue(FILTERS).length);
      await createClient(broker.connection).publish('a/end', 'fence', { qos });
      await runs.first((run) => run === 'a/# fence');
      const counted = runs.entries.filter((run) => !run.endsWith('fence'));
      expect(counted.toSorted()).toEqual(runsDue(FILTERS).toSorted());
    });

    it('a request is answered once, by the most specific handler', async () => {
      const ran = new Journal<string>();

      @Controller()
      class Answers {
        @MessagePattern('q/+')
        level(): string {
          ran.add('q/+');
          return 'q/+';
        }

        @MessagePattern('+/b')
        exact(): string {
          ran.add('+/b');
          return '+/b';
        }
      }

      await startServer(broker.connection, { controllers: [Answers] });
      const client = createClient(broker.connection);
      const { data } = await client.request('q/b', 1);
      expect(data).toBe('q/+');
      await client.request('q/c', 1);
      expect(ran.entries).toEqual(['q/+', 'q/+']);
    });
  },
  { inProcess: (['artemis', 'aedes', 'mosquitto'] as const).map((behavesLike) => ({ behavesLike })) },
);

describeEachBroker('handlers whose patterns take in the topics of the transport itself', (broker) => {
  it.each([
    ['#', 'a/b', '+/b'],
    ['+/+/+/+', 'a/+/+/#', '+/b/+/#'],
  ])('%s beside %s and %s: they get no message of the probe, also in a resumed session', async (...filters) => {
    const runs = new Journal<string>();
    const session = durable(broker.connection);
    const topic = filters[0] === '#' ? 'a/b' : 'a/b/c/d';
    for (const data of ['new', 'resumed']) {
      const { app } = await startServer(session, { controllers: handlersOf(runs, filters, { qos: 1 }) });
      await createClient(broker.connection).publish(topic, data, { qos: 1 });
      await runs.until((all) => all.filter((run) => run.endsWith(data)).length === 3, `3 runs for ${data}`);
      await app.close();
    }
    const due = ['new', 'resumed'].flatMap((data) => filters.map((filter) => `${filter} ${data}`));
    expect(runs.entries.toSorted()).toEqual(due.toSorted());
    expect(transportLogs('warn')).toEqual([]);
  });

  it('# gets no cancellation of a stream, which ends', async () => {
    const ran = new Journal<string>();
    const stopped = new Journal<string>();

    @Controller()
    class Everything {
      @MessagePattern<unknown>('taken/in/ticks')
      ticks(): Observable<number> {
        return interval(5).pipe(finalize(() => stopped.add('stopped')));
      }

      @EventPattern<unknown>('#')
      all(@Payload() _data: unknown, @Ctx() mqtt: MqttContext): void {
        ran.add(mqtt.getTopic().split('/')[0]!);
      }
    }

    await startServer(broker.connection, { controllers: [Everything] });
    const client = createClient({ ...broker.connection, ...(broker.protocolVersion === 4 && { envelope: 'nest' }) });
    await firstValueFrom(client.send('taken/in/ticks', ''));
    if (broker.protocolVersion === 5) await stopped.atLeast(1);
    expect(ran.entries).not.toContain('control');
  });
});

describe('identifiers that are wrong', () => {
  const start = async (options: MqttBrokerOptions, filters: readonly string[] = FILTERS) => {
    const { broker, url } = await startInProcessBroker(options);
    const runs = new Journal<string>();
    const tap = await tapWire(connectionTo(url));
    await startServer(durable(tap.connection), { controllers: handlersOf(runs, filters, { qos: 1 }) });
    const breaches = transportLogs('warn').filter((line) => BREACH.test(line));
    return { broker, runs, tap, breaches };
  };

  it.each<[string, MqttBrokerOptions, string]>([
    ['a copy for each subscription, each with all of them (Artemis)', { behavesLike: 'artemis' }, '[1, 2] and [1, 2]'],
    ['one copy with one of several (aedes 2)', { behavesLike: 'aedes' }, '[1]'],
    ['a copy for each, with one of several', { overlap: 'each', copyIdentifiers: 'one' }, '[1] and [1]'],
  ])('%s: the log says so, once', async (_name, options, carried) => {
    const { breaches } = await start(options);
    expect(breaches).toHaveLength(1);
    expect(breaches[0]).toContain(`carried ${carried}`);
  });

  it.each<[string, MqttBrokerOptions, readonly string[]]>([
    ['right ones, one copy for all', {}, FILTERS],
    ['right ones, a copy for each', { overlap: 'each' }, FILTERS],
    ['wrong ones where no filters overlap', { behavesLike: 'artemis' }, ['a/b', 'c/+']],
  ])('%s: nothing is said', async (_name, options, filters) => {
    const { breaches } = await start(options, filters);
    expect(breaches).toEqual([]);
  });

  it('where no filters overlap, nothing is asked: the start is one SUBSCRIBE', async () => {
    const { tap } = await start({}, ['a/b', 'c/+', 'd/#']);
    expect(tap.sent('client', 'subscribe')).toHaveLength(1);
    expect(tap.sent('client', 'publish')).toEqual([]);
  });

  it('a resumed session, and a new one, still have each handler run once', async () => {
    const { broker, runs, tap } = await start({ behavesLike: 'artemis' });
    const publish = (data: string): number => broker.publish({ topic: 'a/b', payload: data, qos: 1 });
    const acknowledged = new Journal<unknown>();
    broker.on('acknowledge', acknowledged.add);
    publish('before');
    await runs.atLeast(4);
    await acknowledged.atLeast(2); // or the copies come again
    for (const keepSessions of [true, false]) {
      const connected = broker.waitFor('subscribe', undefined, { timeoutMs: 10_000 });
      const back = broker.waitFor('connect');
      if (keepSessions) tap.cut();
      else broker.faults.endSession(broker.clients[0]!.clientId);
      await back;
      if (!keepSessions) await connected;
      const data = keepSessions ? 'resumed' : 'new';
      publish(data);
      await runs.until((all) => all.filter((run) => run.endsWith(data)).length === 4, `4 runs for ${data}`);
    }
    publish('last');
    await runs.until((all) => all.filter((run) => run.endsWith('last')).length === 4, '4 runs for the last');
    expect(runs.size).toBe(16);
  });

  it('a session that an earlier process left with identifiers', async () => {
    const { broker, url } = await startInProcessBroker({ behavesLike: 'artemis' });
    const session = { ...durable(connectionTo(url)) };
    const old = await connectMqttJs(
      { url, protocolVersion: 5 },
      { clientId: session.clientId!, clean: false, properties: { sessionExpiryInterval: 100 } },
    );
    for (const [place, filter] of FILTERS.entries())
      await old.subscribeAsync(filter, { qos: 1, properties: { subscriptionIdentifier: place + 1 } });
    await old.endAsync();
    const runs = new Journal<string>();
    await startServer(session, { controllers: handlersOf(runs, ['a/+', '+/b'], { qos: 1 }) });
    broker.publish({ topic: 'x/b', payload: 'x', qos: 1 });
    expect(await runs.atLeast(1)).toEqual(['+/b x']);
  });
});

describe('a Shared Subscription beside a plain one', () => {
  @Controller()
  class Both {
    static readonly runs = new Journal<string>();

    @MqttSubscription({ shared: 'workers', qos: 1 })
    @EventPattern<string>('s/+')
    shared(@Payload() data: unknown): void {
      Both.runs.add(`shared ${String(data)}`);
    }

    @EventPattern<string>('s/b', { qos: 1 })
    plain(@Payload() data: unknown): void {
      Both.runs.add(`plain ${String(data)}`);
    }
  }

  it.each<[string, MqttBrokerOptions]>([
    ['Mosquitto', { behavesLike: 'mosquitto' }],
    ['HiveMQ', { behavesLike: 'hivemq' }],
    ['one that merges', {}],
  ])('each runs once for each message on a broker like %s', async (_name, options) => {
    const { broker, url } = await startInProcessBroker(options);
    Both.runs.clear();
    await startServer(connectionTo(url), { controllers: [Both] });
    for (let i = 0; i < MESSAGES; i++) broker.publish({ topic: 's/b', payload: String(i), qos: 1 });
    await Both.runs.atLeast(2 * MESSAGES);
    const due = Array.from({ length: MESSAGES }, (_, i) => [`shared ${i}`, `plain ${i}`]).flat();
    expect(Both.runs.entries.toSorted()).toEqual(due.toSorted());
  });

  it.each<[string, MqttBrokerOptions]>([
    ['Artemis: deliveries of the group carry identifiers of others alone', { behavesLike: 'artemis' }],
    ['deliveries of the group without an identifier', { sharedIdentifiers: false }],
  ])('is refused at start where nothing tells them apart, not dealt with by guess (%s)', async (_name, options) => {
    const { url } = await startInProcessBroker(options);
    const { app } = await createServer(connectionTo(url), { controllers: [Both] });
    await expect(app.listen()).rejects.toThrow(FeatureNotSupportedError);
    expect(transportLogs('warn').filter((line) => BREACH.test(line))).toHaveLength(1);
  });
});

it('a broker that does not answer an UNSUBSCRIBE holds up no start', async () => {
  const { broker, url } = await startInProcessBroker();
  broker.faults.withhold('out', 'unsuback');
  await startServer(connectionTo(url), { controllers: handlersOf(new Journal(), FILTERS, { qos: 1 }) });
  expect(transportLogs('warn')).toEqual([]);
});

describe('a probe that is not permitted', () => {
  it.each<[string, MqttBrokerOptions]>([
    ['the subscription is refused', { authorizeSubscribe: ({ filter }) => !filter.startsWith('probe/') }],
    ['the publish is refused', { authorizePublish: ({ topic }) => !topic.startsWith('probe/') }],
    [
      'the broker hangs up over the subscription',
      { authorizeSubscribe: ({ filter }) => !filter.startsWith('probe/'), hangsUpOverForbidden: true },
    ],
    [
      'the broker hangs up over the publish',
      { authorizePublish: ({ topic }) => !topic.startsWith('probe/'), hangsUpOverForbidden: true },
    ],
  ])(
    '%s: the server starts, believes the identifiers, and says that they are not known to be right',
    async (_name, options) => {
      const { broker, url } = await startInProcessBroker(options);
      const runs = new Journal<string>();
      await startServer(connectionTo(url), { controllers: handlersOf(runs, FILTERS, { qos: 1 }) });
      broker.publish({ topic: 'a/b', payload: '1', qos: 1 });
      await runs.atLeast(FILTERS.length);
      expect(runs.entries.toSorted()).toEqual(FILTERS.map((filter) => `${filter} 1`).toSorted());
      expect(transportLogs('warn')).toContainEqual(expect.stringContaining('Allow this client the topics probe/#'));
    },
  );
});
