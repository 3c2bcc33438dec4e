import { describe, expect, it } from '@jest/globals';
import { Controller, Injectable, UseGuards, type CanActivate } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import {
  AckMessage,
  AckPolicy,
  DeadLetterError,
  MemoryDeadLetterStore,
  MqttSubscription,
  NackMessage,
  PublishTo,
  RejectMessage,
  type DeadLetter,
  type DeadLetters,
  type MqttContext,
  type MqttServerOptions,
} from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { deadLetter } from '../../support/dead-letters.js';
import { Journal } from '../../support/journal.js';
import { logs, transportLogs } from '../../support/logs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createServer, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

function letterOf(pattern: string, payload = '{"id":7}', topic = pattern): DeadLetter {
  return deadLetter({ pattern, topic, payload: Buffer.from(payload) });
}

/** The error of a failed replay. */
async function problemOf(replay: Promise<unknown>): Promise<{ problem: string; message: string }> {
  const error = await replay.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(DeadLetterError);
  const { problem, message } = error as DeadLetterError;
  return { problem, message };
}

describeEachBroker('a replay', (broker) => {
  it('runs the handler in this process, with guards and results; nothing is published to other subscribers or replied', async () => {
    const runs = new Journal<unknown>();
    let broken = true;

    @Injectable()
    class Counter implements CanActivate {
      canActivate(): boolean {
        runs.add('guard');
        return true;
      }
    }

    @Controller()
    @MqttSubscription({ qos: 1, deadLetter: true })
    class Orders {
      @UseGuards(Counter)
      @PublishTo('booked/{shop}', { qos: 1 })
      @MessagePattern('orders/{shop}/created')
      created(@Payload() order: { id: number }, @Ctx() context: MqttContext): unknown {
        runs.add({ order, shop: context.params['shop'], topic: context.getTopic() });
        if (broken) throw new TypeError('no stock');
        return order.id;
      }
    }
    const store = new MemoryDeadLetterStore();
    const options = { ...broker.connection, deadLetters: { store } };
    const { server } = await startServer(options, { controllers: [Orders] });
    const peer = await connectMqttJs(broker);
    const seen = await subscribeMqttJs(peer, '#', { qos: 1 });
    await peer.publishAsync('orders/7/created', '{"id":1}', { qos: 1 });
    const { deadLetters } = server;
    while (store.size === 0) await new Promise(setImmediate);
    const [letter] = (await deadLetters.list()).letters;
    runs.clear();

    expect(await problemOf(deadLetters.replay(letter!.id))).toEqual({
      problem: 'failed',
      message: `Dead letter ${letter!.id} has failed again: TypeError: no stock`,
    });
    expect(await deadLetters.get(letter!.id)).toMatchObject({ replays: 1, reason: 'no stock', error: 'TypeError' });
    expect(transportLogs('error').at(-1)).toMatch(/The message stays dead letter 1\.$/);

    broken = false;
    await deadLetters.replay(letter!.id);
    expect(await deadLetters.list()).toEqual({ letters: [], next: undefined });
    const run = ['guard', { order: { id: 1 }, shop: '7', topic: 'orders/7/created' }];
    expect(runs.entries).toEqual([...run, ...run]);
    await peer.publishAsync('end', 'end', { qos: 1 });
    const topics = (await seen.until((all) => all.some(({ topic }) => topic === 'end'), 'the end')).map(
      ({ topic }) => topic,
    );
    expect(topics.filter((topic) => topic !== 'end')).toEqual(['orders/7/created', 'booked/7']);
  });

  it('accepts other data, and can publish to the topic: all subscribers receive the message, and replays are counted', async () => {
    const v5 = broker.protocolVersion === 5;
    const runs = new Journal<unknown>();

    @Controller()
    class Orders {
      @EventPattern('orders/created', { qos: 1, deadLetter: true })
      created(@Payload() order: { id: number }): void {
        runs.add(order);
        if (order.id === 7) throw new TypeError('no stock');
      }
    }
    const store = new MemoryDeadLetterStore();
    const options = { ...broker.connection, deadLetters: { store, maxReplays: 2 } };
    const { server } = await startServer(options, { controllers: [Orders] });
    const { deadLetters } = server;
    const id = store.add(letterOf('orders/created'));
    await deadLetters.replay(id, { data: { id: 8 } });
    expect(runs.entries).toEqual([{ id: 8 }]);

    const peer = await connectMqttJs(broker);
    const seen = await subscribeMqttJs(peer, 'orders/created', { qos: 1 });
    let again: string | undefined = store.add(letterOf('orders/created'));
    for (let replays = 1; replays <= 2; replays++) {
      await deadLetters.replay(again, { to: 'topic' });
      await seen.atLeast(replays);
      while ((await deadLetters.list()).letters.length === 0) await new Promise(setImmediate);
      const [letter] = (await deadLetters.list()).letters;
      again = letter!.id;
      expect(letter).toMatchObject({ replays: v5 ? replays : 0, payload: Buffer.from('{"id":7}') });
    }
    const third = deadLetters.replay(again, { to: 'topic' }).then(
      () => 'replayed',
      (error: unknown) => (error as DeadLetterError).problem,
    );
    expect(await third).toBe(v5 ? 'max-replays' : 'replayed'); // 3.1.1 has no User Property for the count
  });
});

async function start(
  options: MqttServerOptions = {},
  controllers: (new () => object)[] = [],
): Promise<{ deadLetters: DeadLetters; store: MemoryDeadLetterStore; close: () => Promise<void> }> {
  const { url } = await startInProcessBroker();
  const store = new MemoryDeadLetterStore();
  const { app, server } = await startServer(
    { ...connectionTo(url), deadLetters: { store }, ...options },
    { controllers },
  );
  return { deadLetters: server.deadLetters, store, close: () => app.close() };
}

describe('a replay in the handler', () => {
  it.each([
    ['success', AckPolicy.ACK, (): void => {}, undefined],
    ['success', AckPolicy.ACK_FIRST, (): void => {}, undefined],
    ['ack() in time', AckPolicy.MANUAL, (context: MqttContext): void => context.ack(), undefined],
    [
      'ack() later',
      AckPolicy.MANUAL,
      (context: MqttContext): void => void setImmediate(() => context.ack()),
      undefined,
    ],
    ['AckMessage', AckPolicy.ACK, thrower(new AckMessage()), undefined],
    ['an error', AckPolicy.ACK, thrower(new Error('x')), 'x'],
    ['an error', AckPolicy.ACK_FIRST, thrower(new Error('x')), 'x'],
    ['an error', AckPolicy.REJECT_ON_ERROR, thrower(new Error('x')), 'x'],
    ['an error', AckPolicy.MANUAL, thrower(new Error('x')), 'x'],
    ['a text', AckPolicy.ACK, thrower('x'), 'the handler threw the text "x"'],
    ['RejectMessage', AckPolicy.ACK, thrower(new RejectMessage('no')), 'RejectMessage: no'],
    ['NackMessage', AckPolicy.ACK, thrower(new NackMessage('later')), 'NackMessage: later'],
    ['reject()', AckPolicy.ACK, (context: MqttContext): void => context.reject(0x83, 'no'), 'no'],
    ['nack()', AckPolicy.ACK, (context: MqttContext): void => context.nack(), 'withheld'],
  ])('that ends with %s and %s', async (_, ackPolicy, handle: (context: MqttContext) => void, reason) => {
    @Controller()
    class Jobs {
      @EventPattern<string>('job', { qos: 1, ackPolicy })
      job(@Payload() _job: unknown, @Ctx() context: MqttContext): void {
        handle(context);
      }
    }
    const { deadLetters, store } = await start({}, [Jobs]);
    const id = store.add(letterOf('job'));
    const problem = await deadLetters.replay(id).catch((error: unknown) => (error as DeadLetterError).message);
    expect(problem).toBe(reason && `Dead letter ${id} has failed again: ${reason}`);
    const failed: unknown = expect.objectContaining({ replays: 1, reason: reason?.replace(/^.*: /, '') });
    expect(store.get(id)).toEqual(reason === undefined ? undefined : failed);
    const undecided = /has AckPolicy\.MANUAL and ended without/; // the usual warning
    expect(transportLogs('warn').filter((line) => !undecided.test(line))).toEqual([]);
  });

  it('runs with retries, and in the order of its key', async () => {
    const runs = new Journal<string>();

    @Controller()
    class Jobs {
      @EventPattern<string>('jobs/{key}', { qos: 1, orderBy: 'key', retry: { attempts: 2, delay: 1 } })
      async job(@Payload() name: string, @Ctx() { attempt, params }: MqttContext): Promise<void> {
        runs.add(`${params['key']} ${name} ${attempt}`);
        await new Promise(setImmediate);
        if (attempt === 1) throw new Error('once more');
        runs.add(`${params['key']} ${name} done`);
      }
    }
    const { deadLetters, store } = await start({}, [Jobs]);
    const ids = ['one', 'two'].map((name) => store.add(letterOf('jobs/{key}', name, 'jobs/a')));
    await Promise.all(ids.map((id) => deadLetters.replay(id)));
    expect(runs.entries).toEqual(['a one 1', 'a one 2', 'a one done', 'a two 1', 'a two 2', 'a two done']);
  });

  it('that waits for its retry when the server closes leaves the letter, and nothing is said to be lost', async () => {
    @Controller()
    class Jobs {
      @EventPattern<string>('job', { qos: 1, retry: { attempts: 2, delay: 600_000 } })
      job(): never {
        throw new Error('not now');
      }
    }
    const { deadLetters, store, close } = await start({}, [Jobs]);
    const id = store.add(letterOf('job'));
    const replay = deadLetters.replay(id).catch((error: unknown) => error);
    await logs.until(() => transportLogs('debug').some((line) => line.includes('It runs again in')), 'a retry');
    await close();
    expect(await replay).toMatchObject({ problem: 'not-serving' });
    expect(store.get(id)).toBeDefined();
    expect(transportLogs('warn')).toEqual([]);
  });

  it('fails without exactly one matching handler, and loses nothing', async () => {
    @Controller()
    class Jobs {
      @EventPattern<string>('twice')
      one(): void {}
      @EventPattern<string>('twice')
      other(): void {}
      @MqttSubscription({ prefix: 'site-8/' })
      @EventPattern<string>('moved')
      moved(): void {}
    }
    const { deadLetters, store } = await start({}, [Jobs]);
    const gone = store.add({ ...letterOf('gone/{id}', '{}', 'gone/7'), handler: 'Jobs.gone()' });
    const twice = store.add(letterOf('twice'));
    const moved = store.add(letterOf('moved', '{}', 'site-7/moved'));
    const stays = 'The letter stays: deploy the handler, replay it to its topic, or discard it.';
    expect(await problemOf(deadLetters.replay(gone))).toEqual({
      problem: 'no-handler',
      message: `Dead letter 1 is of the pattern "gone/{id}" (Jobs.gone()), which no handler of this server has. ${stays}`,
    });
    expect((await problemOf(deadLetters.replay(twice))).message).toMatch(/"twice", which several handlers have/);
    expect((await problemOf(deadLetters.replay(moved))).message).toMatch(
      /came on "site-7\/moved".*is for "site-8\/moved"/,
    );
    for (const id of [gone, twice, moved]) expect(store.get(id)).toMatchObject({ replays: 0, reason: 'broken' });
    await deadLetters.replay(gone, { to: 'topic' }); // needs no handler
    expect(store.get(gone)).toBeUndefined();
  });

  it('selects one of several handlers of a pattern by its name', async () => {
    const runs = new Journal<string>();

    @Controller()
    class Jobs {
      @MqttSubscription({ qos: 1 })
      @EventPattern<string>('twice')
      one(): void {
        runs.add('one');
      }
      @MqttSubscription({ qos: 1 })
      @EventPattern<string>('twice')
      other(): void {
        runs.add('other');
      }
    }
    const { deadLetters, store } = await start({}, [Jobs]);
    await deadLetters.replay(store.add({ ...letterOf('twice'), handler: 'Jobs.other()' }));
    expect(runs.entries).toEqual(['other']);
  });

  it('is aborted by close(), and not counted then', async () => {
    const started = new Journal<string>();

    @Controller()
    class Jobs {
      @EventPattern<string>('job', { maxWorkers: 1 })
      job(@Payload() name: string): Promise<never> {
        started.add(name);
        return new Promise(() => {});
      }
    }
    const { deadLetters, store, close } = await start({ gracefulTimeout: 50 }, [Jobs]);
    const ids = ['runs', 'waits'].map((name) => store.add(letterOf('job', name)));
    const problems = ids.map((id) => problemOf(deadLetters.replay(id)));
    await started.atLeast(1);
    await close();
    for (const { problem } of await Promise.all(problems)) expect(problem).toBe('not-serving');
    expect(started.entries).toEqual(['runs']);
    for (const id of ids) expect(store.get(id)).toMatchObject({ replays: 0 });
    expect((await problemOf(deadLetters.replay(ids[0]!))).problem).toBe('not-serving');
  });

  it('fails before the server runs, and without a store', async () => {
    const { url } = await startInProcessBroker();
    const { server } = await createServer(
      { ...connectionTo(url), deadLetters: { store: new MemoryDeadLetterStore() } },
      {},
    );
    expect(await problemOf(server.deadLetters.replay('1'))).toMatchObject({ problem: 'not-serving' });
    const { server: without } = await createServer(connectionTo(url), {});
    expect(without.deadLetters.keepsLetters).toBe(false);
    for (const call of [without.deadLetters.list(), without.deadLetters.replay('1'), without.deadLetters.discard('1')])
      expect(await problemOf(call)).toMatchObject({ problem: 'no-store' });
  });

  it('fails if the data cannot be encoded or the broker refuses it, and loses nothing', async () => {
    const { broker, url } = await startInProcessBroker();
    const store = new MemoryDeadLetterStore();
    const { server } = await startServer({ ...connectionTo(url), deadLetters: { store } }, {});
    broker.faults.refusePublishes('job', 0x97);
    const id = store.add(letterOf('job'));
    const { deadLetters } = server;
    expect(await problemOf(deadLetters.replay(id, { to: 'topic' }))).toEqual({
      problem: 'failed',
      message: expect.stringMatching(/^Dead letter 1 was not published to "job": .*0x97/),
    });
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    expect((await problemOf(deadLetters.replay(id, { to: 'topic', data: circular }))).message).toMatch(
      /cannot be encoded/,
    );
    expect(store.size).toBe(1);
  });
});

function thrower(thrown: unknown): () => never {
  return () => {
    throw thrown;
  };
}
