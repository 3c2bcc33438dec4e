import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { SubscriptionRefusedError, type MqttServerOptions } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { eventually } from '../../support/deadline.js';
import { durable } from '../../support/durable-session.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { createClient, createServer, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { tapWire, type WireTap } from '../../support/wire-tap.js';
import { rejection, statesOf } from '../lifecycle/scene.js';
import { hangUpOverMoreThan } from './hang-ups.js';

/** What AWS IoT Core takes in a SUBSCRIBE. */
const FEW = 8;
const LEAVERS = 2_000;

/** Handlers of so many topics: `many/1`, `many/2`, ... */
function handlers(count: number, seen = new Journal<string>()): new () => object {
  const topics = Array.from({ length: count }, (_, n) => `many/${n + 1}`);

  @Controller()
  class Handlers {
    @EventPattern<string[]>(topics, { qos: 1 })
    take(@Payload() data: string): void {
      seen.add(data);
    }
  }

  return Handlers;
}

function sizesOf(tap: WireTap): number[] {
  return tap.sent('client', 'subscribe').map(({ subscriptions }) => subscriptions.length);
}

describe.each([5, 4] as const)(
  'row 12: a broker that takes 8 filters in a SUBSCRIBE, protocol version %i',
  (version) => {
    async function start(count: number, session: 'clean' | 'durable', options: Partial<MqttServerOptions> = {}) {
      const { broker, url } = await startInProcessBroker();
      const hangUps = hangUpOverMoreThan(broker, FEW);
      const tap = await tapWire(connectionTo(url, version));
      const seen = new Journal<string>();
      const all = { ...(session === 'durable' ? durable(tap.connection) : tap.connection), ...options };
      const { server } = await startServer(all, { controllers: [handlers(count, seen)] });
      return { broker, hangUps, tap, seen, server };
    }

    async function served(broker: Awaited<ReturnType<typeof start>>['broker'], seen: Journal<string>, count: number) {
      const topics = Array.from({ length: count }, (_, n) => `many/${n + 1}`);
      for (const topic of topics) broker.publish({ topic, payload: JSON.stringify(topic), qos: 1 });
      expect(await seen.atLeast(count)).toEqual(topics);
      seen.clear();
    }

    it.each([
      [8, 'clean'],
      [9, 'clean'],
      [9, 'durable'],
      [100, 'clean'],
    ] as const)('%i handlers (%s session): listen() resolves, each is served', async (count, session) => {
      const { broker, hangUps, seen, server } = await start(count, session);
      expect(server.health()!.subscriptions).toEqual({ wanted: count, granted: count });
      await served(broker, seen, count);
      expect(hangUps.entries).toEqual(count > FEW ? [count] : []);
      const hints = transportLogs('warn').filter((line) => line.includes('maxFiltersPerSubscribe'));
      expect(hints).toHaveLength(count > FEW ? 1 : 0);
    });

    it('9 handlers, and the session is lost: they are subscribed again, by 8 at most', async () => {
      const { broker, hangUps, seen, server, tap } = await start(9, 'clean');
      const states = statesOf(server);
      tap.packets.clear();
      tap.cut();
      await states.first((state) => state === 'disconnected');
      await eventually(() => {
        const { connected, subscriptions } = server.health()!;
        return connected && subscriptions.granted === 9;
      }, 'all are granted again');
      await served(broker, seen, 9);
      expect(sizesOf(tap).toSorted((a, b) => a - b)).toEqual([1, FEW]);
      expect(hangUps.size).toBe(1);
    });

    it.each(['maxFiltersPerSubscribe', 'subscribeBatchSize'])(
      '9 handlers, %s: 8: no connection is lost',
      async (option) => {
        const { broker, hangUps, seen, tap } = await start(9, 'clean', { [option]: FEW });
        expect(sizesOf(tap).toSorted((a, b) => a - b)).toEqual([1, FEW]);
        await served(broker, seen, 9);
        expect(hangUps.entries).toEqual([]);
        expect(transportLogs('warn')).toEqual([]);
      },
    );

    it('the listeners of a client, 20 of them at once: all hear', async () => {
      const { broker, url } = await startInProcessBroker();
      hangUpOverMoreThan(broker, FEW);
      const client = createClient(connectionTo(url, version));
      const heard = new Journal<unknown>();
      const topics = Array.from({ length: 20 }, (_, n) => `many/${n}`);
      for (const topic of topics) client.messages(topic).subscribe(({ data }) => heard.add(data));
      await eventually(() => client.health()?.subscriptions.granted === topics.length, 'all are granted');
      for (const topic of topics) broker.publish({ topic, payload: JSON.stringify(topic) });
      expect(await heard.atLeast(topics.length)).toEqual(topics);
    });
  },
);

describeEachBroker('row 12: SUBACKs of several packets', (broker) => {
  it.each(['maxFiltersPerSubscribe', 'subscribeBatchSize'])(
    '%s: 3, and 10 handlers: four packets, and each handler is served',
    async (option) => {
      const tap = await tapWire(broker.connection);
      const seen = new Journal<string>();
      await startServer({ ...tap.connection, [option]: 3 }, { controllers: [handlers(10, seen)] });
      expect(sizesOf(tap)).toEqual([3, 3, 3, 1]);
      const peer = await connectMqttJs(broker);
      for (let n = 1; n <= 10; n++) await peer.publishAsync(`many/${n}`, `"${n}"`, { qos: 1 });
      expect(await seen.atLeast(10)).toEqual(Array.from({ length: 10 }, (_, n) => String(n + 1)));
    },
  );
});

describe.each([5, 4] as const)('row 12: SUBACKs of several packets, protocol version %i', (version) => {
  it.each(['maxFiltersPerSubscribe', 'subscribeBatchSize'])(
    '%s: 2, and the 2nd, 3rd and 7th of 7 filters refused: listen() names these and no others',
    async (option) => {
      const { broker, url } = await startInProcessBroker();
      const refused = ['many/2', 'many/3', 'many/7'];
      for (const filter of refused) broker.faults.refuseSubscriptions(filter, 0x87);
      const { app } = await createServer(
        { ...connectionTo(url, version), [option]: 2 },
        { controllers: [handlers(7)] },
      );
      const error = await rejection(app.listen());
      expect(error).toBeInstanceOf(SubscriptionRefusedError);
      expect((error as SubscriptionRefusedError).refused.map(({ filter }) => filter)).toEqual(refused);
    },
  );

  it('SUBACKs that come in another order: the codes go to their own filters', async () => {
    const { broker, url } = await startInProcessBroker();
    broker.faults.refuseSubscriptions('many/1', 0x87);
    const overtaken = broker.faults.delay('out', { cmd: 'suback', times: 1 }, 20); // the first one comes last
    const options = { ...connectionTo(url, version), maxFiltersPerSubscribe: 20 };
    const client = createClient(options);
    const ends = new Journal<string>();
    const heard = new Journal<unknown>();
    for (const n of [1, 2, 3]) {
      client
        .messages(`many/${n}`)
        .subscribe({ next: ({ data }) => heard.add(data), error: () => ends.add(`many/${n}`) });
    }
    await eventually(() => client.health()?.subscriptions.granted === 2, 'two are granted');
    overtaken();
    expect(await ends.atLeast(1)).toEqual(['many/1']);
    for (const n of [1, 2, 3]) broker.publish({ topic: `many/${n}`, payload: String(n) });
    expect(await heard.atLeast(2)).toEqual([2, 3]);
  });
});

describe.each([5, 4] as const)(
  'row 13: the first SUBSCRIBE is cut by a lost connection, protocol version %i',
  (version) => {
    const CUTS = ['before the broker has read it', 'before the SUBACK'] as const;
    const SESSIONS = ['clean', 'durable'] as const;
    // a session that 3.1.1 has kept with the subscription holds the retained message, and has it again when it is asked for again
    const CASES = CUTS.flatMap((cut) => SESSIONS.map((session) => [cut, session] as const)).filter(
      ([cut, session]) => version === 5 || cut !== 'before the SUBACK' || session === 'clean',
    );

    async function scene(cut: (typeof CUTS)[number], session: (typeof SESSIONS)[number]) {
      const { broker, url } = await startInProcessBroker();
      broker.publish({ topic: 'many/1', payload: '"retained"', qos: 1, retain: true });
      const connection = {
        ...(session === 'durable' ? durable(connectionTo(url, version)) : connectionTo(url, version)),
      };
      const options = { ...connection, clientId: 'cut' };
      const asked = new Journal<string>();
      broker.on('packet', ({ direction, packet }) => {
        if (direction !== 'in' || packet.cmd !== 'subscribe') return;
        const first = asked.size === 0;
        for (const { topic } of packet.subscriptions) asked.add(topic);
        if (cut === 'before the broker has read it' && first) broker.faults.drop('cut');
      });
      if (cut === 'before the SUBACK') broker.faults.drop('cut', { after: { direction: 'in', match: 'subscribe' } });
      return { broker, options, asked };
    }

    it.each(CASES)(
      'of a server, %s (%s session): asked for once more, a retained message is handled once',
      async (cut, session) => {
        const { broker, options, asked } = await scene(cut, session);
        const seen = new Journal<string>();
        await startServer(options, { controllers: [handlers(2, seen)] });
        broker.publish({ topic: 'many/2', payload: '"end"', qos: 1 });
        await seen.first((data) => data === 'end');
        expect(asked.entries).toEqual(['many/1', 'many/2', 'many/1', 'many/2']);
        expect(seen.entries).toEqual(['retained', 'end']);
      },
    );

    it.each(CASES)('of a listener, %s (%s session): the same', async (cut, session) => {
      const { broker, options, asked } = await scene(cut, session);
      const client = createClient(options);
      const heard = new Journal<unknown>();
      client.messages('many/+', { qos: 1 }).subscribe(({ data }) => heard.add(data));
      await eventually(() => client.health()?.subscriptions.granted === 1, 'it is granted');
      broker.publish({ topic: 'many/2', payload: '"end"', qos: 1 });
      await heard.first((data) => data === 'end');
      expect(asked.entries).toEqual(['many/+', 'many/+']);
      expect(heard.entries).toEqual(['retained', 'end']);
    });

    it('of an inbox: asked for once more, and the request is answered', async () => {
      const { broker, options, asked } = await scene('before the SUBACK', 'clean');

      const client = createClient({ ...options, envelope: 'nest' });
      const request = client.request('echo', 1);
      await asked.atLeast(2);
      const [inbox] = asked.entries;
      expect(asked.entries).toEqual([inbox, inbox]);
      const peer = await broker.waitFor('publish', ({ message }) => message.topic === 'echo');
      const { id } = JSON.parse(peer.message.payload.toString()) as { id: string };
      broker.publish({ topic: inbox!, payload: JSON.stringify({ response: 2, isDisposed: true, id }) });
      expect((await request).data).toBe(2);
    });
  },
);

describeEachBroker('row 14: a listener that leaves before its SUBACK', (broker) => {
  it.each([
    ['2,000 filters', (n: number) => `leaver/${n}`],
    ['one filter', () => 'leaver'],
  ] as const)('2,000 times, %s: nothing is wanted, and nothing is granted', async (_title, filterOf) => {
    const client = createClient(broker.connection);
    await client.connect();
    for (let n = 0; n < LEAVERS; n++) client.messages(filterOf(n)).subscribe().unsubscribe();
    await client.publish('marker', 1, { qos: 1 }); // the broker has answered all of it
    expect(client.health()!.subscriptions).toEqual({ wanted: 0, granted: 0 });
    const { clientId } = client.health()!;
    expect(broker.inProcess?.session(clientId)!.subscriptions ?? []).toEqual([]);
    // one that stays hears, and is the only one
    const heard = new Journal<unknown>();
    const staying = client.messages(filterOf(0)).subscribe(({ data }) => heard.add(data));
    await eventually(() => client.health()!.subscriptions.granted === 1, 'it is granted');
    await client.publish(filterOf(0), 'heard', { qos: 1 });
    expect(await heard.atLeast(1)).toEqual(['heard']);
    expect(client.health()!.subscriptions).toEqual({ wanted: 1, granted: 1 });
    staying.unsubscribe();
  });
});

describe.each([5, 4] as const)('row 14: a listener that leaves before its SUBACK, protocol version %i', (version) => {
  async function scene(session: 'clean' | 'durable') {
    const { broker, url } = await startInProcessBroker();
    const connection = session === 'durable' ? durable(connectionTo(url, version)) : connectionTo(url, version);
    const client = createClient({ ...connection, clientId: 'leaver' });
    await client.connect();
    return { broker, client, states: statesOf(client) };
  }

  it.each(['clean', 'durable'] as const)(
    'and the connection is lost then (%s session): nothing is subscribed',
    async (session) => {
      const { broker, client, states } = await scene(session);
      const subscribed = broker.waitFor('subscribe');
      const answer = broker.faults.withhold('out', { cmd: ['suback', 'unsuback'] });
      const listening = client.messages('leaver/1').subscribe();
      await subscribed;
      listening.unsubscribe();
      const gone = client.messages('leaver/2').subscribe();
      broker.faults.drop('leaver');
      await states.first((state) => state === 'disconnected');
      answer();
      gone.unsubscribe(); // while there is no connection
      await states.until((all) => all.at(-1) === 'connected' && all.length > 1, 'a new connection');
      await client.publish('marker', 1, { qos: 1 });
      await eventually(() => broker.session('leaver')!.subscriptions.length === 0, 'nothing is subscribed');
      expect(client.health()!.subscriptions).toEqual({ wanted: 0, granted: 0 });
    },
  );

  it('and another one comes to the same filter: it hears, and one subscription stands', async () => {
    const { broker, client } = await scene('clean');
    const heard = new Journal<unknown>();
    client.messages('leaver').subscribe().unsubscribe();
    client.messages('leaver').subscribe(({ data }) => heard.add(data));
    await eventually(() => client.health()!.subscriptions.granted === 1, 'it is granted');
    await client.publish('leaver', 'heard', { qos: 1 });
    expect(await heard.atLeast(1)).toEqual(['heard']);
    expect(broker.session('leaver')!.subscriptions.map(({ filter }) => filter)).toEqual(['leaver']);
    expect(client.health()!.subscriptions).toEqual({ wanted: 1, granted: 1 });
  });

  it('before there is a connection: nothing is asked for', async () => {
    const { broker, url } = await startInProcessBroker();
    const asked = new Journal<string>();
    broker.on('subscribe', ({ filters }) => asked.add(filters.join()));
    const client = createClient(connectionTo(url, version));
    for (let n = 0; n < LEAVERS; n++) client.messages(`leaver/${n}`).subscribe().unsubscribe();
    await client.connect();
    await client.publish('marker', 1, { qos: 1 });
    expect(asked.entries).toEqual([]);
    expect(client.health()!.subscriptions).toEqual({ wanted: 0, granted: 0 });
  });
});
