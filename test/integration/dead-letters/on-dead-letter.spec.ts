import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import {
  MemoryDeadLetterStore,
  MqttSubscription,
  type DeadLetter,
  type DeadLetterStore,
  type MqttServerOptions,
  type MqttSubscriptionOptions,
} from '../../../lib/index.js';
import { acknowledged, acknowledgementsOf } from '../../support/acknowledgements.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { durable, resumeSession } from '../../support/durable-session.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createServer, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { tapWire } from '../../support/wire-tap.js';

/** A handler that always fails, and one that does not. */
function failing(options: MqttSubscriptionOptions): new () => object {
  @Controller()
  @MqttSubscription({ qos: 1 })
  class Jobs {
    @MqttSubscription(options)
    @EventPattern<string>('jobs/{kind}/run')
    run(@Payload() job: string): void {
      throw new RangeError(`${job} is out of range`);
    }

    @EventPattern<string>('jobs/end')
    end(): void {}
  }
  return Jobs;
}

const hangs = (): Promise<never> => new Promise(() => {});

/** Stores that fail in different ways. */
const brokenStores: Readonly<Record<string, [add: () => never | Promise<never>, problem: RegExp]>> = {
  throws: [
    () => {
      throw new Error('no space left');
    },
    /add\(\): no space left/,
  ],
  rejects: [() => Promise.reject(new Error('connection lost')), /add\(\): connection lost/],
  hangs: [hangs, /add\(\): it did not answer within 50 ms/],
  'returns nonsense': [() => 7 as never, /something else than the contract/],
};

function storeThat(add: () => never | Promise<never>): DeadLetterStore {
  return Object.assign(new MemoryDeadLetterStore(), { add });
}

describeEachBroker('onDeadLetter', (broker) => {
  it('gets the whole letter and is awaited before the acknowledgement; then the letter is kept and published', async () => {
    const tap = await tapWire(broker.connection);
    const told = new Journal<DeadLetter>();
    const store = new MemoryDeadLetterStore();
    let letGo!: () => void;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const onDeadLetter = (letter: DeadLetter): Promise<void> => {
      told.add(letter);
      return held;
    };
    const controller = failing({
      onDeadLetter,
      deadLetter: 'failed/{kind}',
      shared: 'workers',
      retry: { attempts: 2, delay: 1 },
    });
    const { server } = await startServer({ ...tap.connection, deadLetters: { store } }, { controllers: [controller] });
    const peer = await connectMqttJs(broker);
    const letters = await subscribeMqttJs(peer, 'failed/print', { qos: 1 });
    await peer.publishAsync('jobs/print/run', 'job 7', { qos: 1 });
    const [letter] = await told.atLeast(1);
    await peer.publishAsync('jobs/end', 'end', { qos: 1 });
    expect(letter).toMatchObject({
      time: expect.any(Number),
      pattern: 'jobs/{kind}/run',
      group: 'workers',
      handler: 'Jobs.run()',
      attempts: 2,
      reason: 'job 7 is out of range',
      error: 'RangeError',
      replays: 0,
      topic: 'jobs/print/run',
      payload: Buffer.from('job 7'),
      qos: 1,
    });
    expect([store.size, letters.size, acknowledgementsOf(tap, 'jobs/print/run')]).toEqual([0, 0, []]);
    letGo();
    await acknowledged(tap, 'job 7');
    await letters.atLeast(1);
    const kept = await server.deadLetters.list();
    expect(kept.letters).toEqual([{ ...letter, id: '1' }]);
    expect(transportLogs('error')).toEqual([
      expect.stringMatching(
        /after 2 attempts: RangeError: job 7 is out of range\. The message goes to the dead letter topic "failed\/print"/,
      ),
    ]);
  });

  it('works without store and topic, and is disabled by deadLetter: false', async () => {
    const told = new Journal<string>();
    const onDeadLetter = ({ topic }: DeadLetter): unknown => told.add(topic);

    @Controller()
    class Jobs {
      @EventPattern<string>('alone')
      alone(): void {
        throw new Error('x');
      }
      @EventPattern<string>('off', { deadLetter: false })
      off(): void {
        throw new Error('x');
      }
    }
    const tap = await tapWire(broker.connection);
    const subscribeOptions = { qos: 1, onDeadLetter } as const;
    await startServer({ ...tap.connection, subscribeOptions }, { controllers: [Jobs] });
    const peer = await connectMqttJs(broker);
    await peer.publishAsync('off', 'one', { qos: 1 });
    await peer.publishAsync('alone', 'two', { qos: 1 });
    await acknowledged(tap, 'two');
    expect(told.entries).toEqual(['alone']);
    expect(transportLogs('error')).toEqual([
      expect.stringMatching(/failed on "off".* The message is acknowledged, and not delivered again/),
      expect.stringMatching(/failed on "alone".* The message goes to onDeadLetter/),
    ]);
  });

  it('with deadLetter: true, letters are kept in the store only', async () => {
    const tap = await tapWire(broker.connection);
    const store = new MemoryDeadLetterStore();
    const controllers = [failing({ deadLetter: true })];
    await startServer({ ...tap.connection, deadLetters: { store } }, { controllers });
    const peer = await connectMqttJs(broker);
    await peer.publishAsync('jobs/print/run', 'job 7', { qos: 1 });
    await acknowledged(tap, 'job 7');
    expect(store.get('1')).toMatchObject({ topic: 'jobs/print/run', reason: 'job 7 is out of range' });
    expect(tap.sent('client', 'publish')).toEqual([]);
    expect(transportLogs('error')).toEqual([expect.stringMatching(/The message goes to the dead letter store\./)]);
  });
});

/** Fails one message. @returns what the server has logged when the next message is acknowledged */
async function run(
  subscription: MqttSubscriptionOptions,
  options: MqttServerOptions = {},
  protocolVersion: 4 | 5 = 5,
): Promise<{
  url: string;
  session: ReturnType<typeof durable>;
  acknowledgements: string[];
  close: () => Promise<void>;
}> {
  const { broker, url } = await startInProcessBroker();
  const tap = await tapWire(connectionTo(url, protocolVersion));
  const session = durable(tap.connection);
  const controllers = [failing({ deadLetterTimeout: 50, ...subscription })];
  const { app } = await startServer({ ...session, ...options }, { controllers });
  broker.publish({ topic: 'jobs/print/run', payload: 'job 7', qos: 1 });
  broker.publish({ topic: 'jobs/end', payload: 'end', qos: 1 });
  await acknowledged(tap, 'end');
  const acknowledgements = acknowledgementsOf(tap, 'jobs/print/run');
  return { url, session: { ...session, url }, acknowledgements, close: () => app.close() };
}

describe('a dead letter that cannot be stored', () => {
  const hooks: Readonly<Record<string, [onDeadLetter: () => unknown, problem: RegExp]>> = {
    throws: [
      () => {
        throw new Error('pager is down');
      },
      /onDeadLetter failed: pager is down$/,
    ],
    rejects: [() => Promise.reject(new Error('pager is down')), /onDeadLetter failed: pager is down$/],
    hangs: [hangs, /onDeadLetter failed: it did not answer within 50 ms$/],
  };

  describe.each(Object.entries(hooks))('onDeadLetter %s', (_, [onDeadLetter, problem]) => {
    it('leaves the message with the broker, and does nothing else', async () => {
      const store = new MemoryDeadLetterStore();
      const { session, acknowledgements, close } = await run(
        { onDeadLetter, deadLetter: true },
        { deadLetters: { store } },
      );
      expect(acknowledgements).toEqual([]);
      expect(store.size).toBe(0);
      expect(transportLogs('error')[1]).toMatch(/^The message on "jobs\/print\/run" is withheld: /);
      expect(transportLogs('error')[1]).toMatch(problem);
      await close();
      const [again] = await resumeSession(session).atLeast(1);
      expect(again!.payload.toString()).toBe('job 7');
    });

    it("continues with onDeadLetterFailure: 'acknowledge', and logs it", async () => {
      const store = new MemoryDeadLetterStore();
      const policy = { onDeadLetter, deadLetter: true, onDeadLetterFailure: 'acknowledge' } as const;
      const { acknowledgements } = await run(policy, { deadLetters: { store } });
      expect(acknowledgements).toEqual(['PUBACK 0x00']);
      expect(store.size).toBe(1);
      expect(transportLogs('error')[1]).toMatch(
        /is acknowledged all the same \(onDeadLetterFailure\): onDeadLetter failed/,
      );
    });
  });

  describe.each(Object.entries(brokenStores))('a store that %s', (_, [add, problem]) => {
    it.each([4, 5] as const)('leaves the message with the broker (protocol %i)', async (version) => {
      const subscription = { deadLetter: 'failed/{kind}' };
      const { session, acknowledgements, close } = await run(
        subscription,
        { deadLetters: { store: storeThat(add) } },
        version,
      );
      expect(acknowledgements).toEqual([]);
      expect(transportLogs('error')[1]).toMatch(/"jobs\/print\/run" is withheld: The dead letter store fails/);
      expect(transportLogs('error')[1]).toMatch(problem);
      await close();
      const [again] = await resumeSession(session).atLeast(1);
      expect(again!.payload.toString()).toBe('job 7');
    });

    it("loses the letter with onDeadLetterFailure: 'acknowledge', and logs it", async () => {
      const subscription = { deadLetter: true, onDeadLetterFailure: 'acknowledge' } as const;
      const { acknowledgements } = await run(subscription, { deadLetters: { store: storeThat(add) } });
      expect(acknowledgements).toEqual(['PUBACK 0x00']);
      expect(transportLogs('error')[1]).toMatch(
        /is acknowledged all the same \(onDeadLetterFailure\): The dead letter store/,
      );
    });
  });

  it('is not kept if it cannot be published: the message is redelivered', async () => {
    const { broker, url } = await startInProcessBroker();
    const tap = await tapWire(connectionTo(url));
    const store = new MemoryDeadLetterStore();
    const controllers = [failing({ deadLetter: 'failed/{kind}' })];
    broker.faults.refusePublishes('failed/print', 0x97);
    await startServer({ ...durable(tap.connection), deadLetters: { store } }, { controllers });
    broker.publish({ topic: 'jobs/print/run', payload: 'job 7', qos: 1 });
    broker.publish({ topic: 'jobs/end', payload: 'end', qos: 1 });
    await acknowledged(tap, 'end');
    expect(acknowledgementsOf(tap, 'jobs/print/run')).toEqual([]);
    expect(store.size).toBe(0);
  });

  it('is removed again if the store keeps it too late', async () => {
    const store = new MemoryDeadLetterStore();
    const removed = new Journal<string>();
    const late: DeadLetterStore = Object.assign(Object.create(store) as MemoryDeadLetterStore, {
      add: async (letter: DeadLetter) => {
        await new Promise((resolve) => void setTimeout(resolve, 200));
        return store.add(letter);
      },
      remove: (id: string, owner: string) => {
        const done = store.remove(id, owner);
        removed.add(id);
        return done;
      },
    });
    const { acknowledgements } = await run({ deadLetter: true }, { deadLetters: { store: late } });
    expect(acknowledgements).toEqual([]);
    expect(await removed.atLeast(1)).toEqual(['1']);
    expect(store.size).toBe(0);
  });

  it('of a QoS 0 message is kept by any working destination, since there is no redelivery', async () => {
    const { broker, url } = await startInProcessBroker();
    const told = new Journal<string>();
    const store = storeThat(() => {
      told.add('store');
      throw new Error('no space left');
    });
    const onDeadLetter = (): void => {
      told.add('onDeadLetter');
      throw new Error('pager is down');
    };
    const controllers = [failing({ qos: 0, onDeadLetter, deadLetter: 'failed/{kind}' })];
    await startServer({ ...connectionTo(url), deadLetters: { store } }, { controllers });
    const published = broker.waitFor('publish', ({ message: { topic } }) => topic === 'failed/print');
    broker.publish({ topic: 'jobs/print/run', payload: 'job 7', qos: 0 });
    await published;
    expect(told.entries).toEqual(['onDeadLetter', 'store']);
    expect(transportLogs('error').slice(1)).toEqual([
      expect.stringMatching(/is not delivered again, for it came at QoS 0: The dead letter store fails/),
      expect.stringMatching(/is not delivered again, for it came at QoS 0: onDeadLetter failed: pager is down/),
    ]);
  });

  it('occupies its worker meanwhile: a slow store causes backpressure, not memory growth', async () => {
    const { broker, url } = await startInProcessBroker();
    const asked = new Journal<string>();
    const letGo: (() => void)[] = [];
    const store = Object.assign(new MemoryDeadLetterStore(), {
      add: ({ payload }: DeadLetter) => {
        asked.add(payload.toString());
        return new Promise<string>((resolve) => letGo.push(() => resolve('1')));
      },
    });
    const controllers = [failing({ qos: 0, deadLetter: true, maxWorkers: 2 })];
    const { server } = await startServer({ ...connectionTo(url), deadLetters: { store } }, { controllers });
    for (const payload of ['1', '2', '3', '4']) broker.publish({ topic: 'jobs/print/run', payload, qos: 0 });
    broker.publish({ topic: 'jobs/end', payload: 'end', qos: 1 });
    await broker.waitFor('acknowledge');
    expect(asked.entries).toEqual(['1', '2']);
    for (const go of letGo.splice(0)) go();
    expect(await asked.atLeast(4)).toEqual(['1', '2', '3', '4']);
    for (const go of letGo.splice(0)) go();
    expect(server.health()?.connected).toBe(true);
  });
});

it('deadLetter: true without a store is rejected at startup', async () => {
  const { url } = await startInProcessBroker();
  const { app } = await createServer(connectionTo(url), { controllers: [failing({ deadLetter: true })] });
  await expect(app.listen()).rejects.toThrow(
    /'jobs\/\{kind\}\/run'\.deadLetter: true keeps dead letters in a store, and the server has none/,
  );
});
