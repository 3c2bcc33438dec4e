import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import {
  InvalidOptionsError,
  type KeyedMessage,
  type MqttContext,
  type MqttSubscriptionOptions,
  type ServerMqtt,
} from '../../../lib/index.js';
import type { MqttBroker } from '../../../lib/testing/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { durable } from '../../support/durable-session.js';
import { HeldRuns } from '../../support/held-runs.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { Random } from '../../support/random.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

/** A handler whose runs are held, ordered by its capture. */
function heldDevices(options: MqttSubscriptionOptions = { orderBy: 'deviceId' }) {
  const runs = new HeldRuns<string>();
  @Controller()
  class Devices {
    @EventPattern<unknown>('keys/{deviceId}/value', { qos: 1, ...options })
    async value(@Payload() name: string): Promise<void> {
      await runs.hold(name);
    }
  }
  return { runs, controllers: [Devices] };
}

/** Lets runs go on, one after another, each when it has begun. */
async function finish(runs: HeldRuns<string>, ...names: string[]): Promise<void> {
  for (const name of names) {
    await runs.started.first((started) => started === name);
    runs.release(name);
  }
}

const byFirstLetter = ({ data }: KeyedMessage): string => (data as string)[0]!;

const brokenKey = ({ data }: KeyedMessage): string => {
  if (data === 'throws') throw new Error('no key here');
  return (data === 'number' ? 7 : 'a') as string;
};

describeEachBroker('orderBy', (broker) => {
  it.each<[string, MqttSubscriptionOptions]>([
    ['a capture', { orderBy: 'deviceId' }],
    ['a function of the data', { orderBy: byFirstLetter }],
  ])('%s: one after another within a key, keys in parallel', async (_title, options) => {
    const { runs, controllers } = heldDevices(options);
    await startServer(broker.connection, { controllers });
    const client = createClient(broker.connection);
    for (const name of ['a1', 'a2', 'b1', 'a3', 'b2']) await client.publish(`keys/${name[0]}/value`, name, { qos: 1 });
    await runs.started.atLeast(2);
    expect(runs.started.entries).toEqual(['a1', 'b1']);
    await finish(runs, 'a1');
    await runs.started.first((name) => name === 'a2');
    expect(runs.started.entries).toEqual(['a1', 'b1', 'a2']);
    await finish(runs, 'a2', 'b1', 'a3', 'b2');
    await runs.ended.atLeast(5);
    expect(runs.ended.entries.filter((name) => name.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
  });

  it('keeps within maxWorkers, and does not let a busy key hold up another one', async () => {
    const { runs, controllers } = heldDevices({ orderBy: 'deviceId', maxWorkers: 2 });
    await startServer(broker.connection, { controllers });
    const client = createClient(broker.connection);
    for (const name of ['a1', 'a2', 'a3', 'b1', 'c1']) await client.publish(`keys/${name[0]}/value`, name, { qos: 1 });
    await runs.started.atLeast(2);
    expect(runs.started.entries).toEqual(['a1', 'b1']);
    await finish(runs, 'b1');
    await runs.started.first((name) => name === 'c1');
    expect(runs.started.entries).toEqual(['a1', 'b1', 'c1']);
    await finish(runs, 'a1', 'a2', 'a3', 'c1');
    await runs.ended.atLeast(5);
  });

  it('a failed message is retried before the next one of its key runs', async () => {
    const seen = new Journal<string>();
    @Controller()
    class Devices {
      private failures = 0;

      @EventPattern<unknown>('keys/{deviceId}/retried', {
        qos: 1,
        orderBy: 'deviceId',
        retry: { attempts: 3, delay: 1, maxDelay: 1 },
      })
      value(@Payload() name: string): void {
        seen.add(name);
        if (name === 'a1' && ++this.failures < 3) throw new Error('again');
      }
    }
    await startServer(broker.connection, { controllers: [Devices] });
    const client = createClient(broker.connection);
    for (const name of ['a1', 'a2']) await client.publish('keys/a/retried', name, { qos: 1 });
    await seen.first((name) => name === 'a2');
    expect(seen.entries).toEqual(['a1', 'a1', 'a1', 'a2']);
  });

  it('a function that throws, or returns no string, fails the message, and the next one runs', async () => {
    const seen = new Journal<string>();
    @Controller()
    class Devices {
      @EventPattern<unknown>('keys/{deviceId}/broken', { qos: 1, orderBy: brokenKey })
      value(@Payload() name: string): void {
        seen.add(name);
      }
    }
    await startServer(broker.connection, { controllers: [Devices] });
    const client = createClient(broker.connection);
    for (const name of ['throws', 'number', 'good']) await client.publish('keys/a/broken', name, { qos: 1 });
    await seen.first((name) => name === 'good');
    expect(seen.entries).toEqual(['good']);
    const lines = transportLogs('error');
    expect(lines).toContainEqual(expect.stringContaining('orderBy failed: no key here'));
    expect(lines).toContainEqual(expect.stringContaining('orderBy failed: it returned number, not a string'));
  });

  it('requests too, and duplicates of a request that is deduplicated', async () => {
    const { runs } = heldDevices();
    @Controller()
    class Devices {
      @MessagePattern('keys/{deviceId}/asked', {
        qos: 1,
        orderBy: 'deviceId',
        ...(broker.protocolVersion === 5 && { deduplicate: true }),
      })
      async asked(@Payload() name: string): Promise<string> {
        await runs.hold(name);
        return name;
      }
    }
    await startServer(broker.connection, { controllers: [Devices] });
    const client = createClient(broker.connection);
    const replies = ['a1', 'a2', 'b1'].map((name) => client.request(`keys/${name[0]}/asked`, name));
    await runs.started.atLeast(2);
    expect(new Set(runs.started.entries)).toEqual(new Set(['a1', 'b1']));
    await finish(runs, 'a1', 'a2', 'b1');
    expect((await Promise.all(replies)).map(({ data }) => data)).toEqual(['a1', 'a2', 'b1']);
  });
});

describe('orderBy that names no capture', () => {
  it.each([
    ['deviceid', 'Did you mean "deviceId"?'],
    ['room', 'Add {room} to the pattern, or set orderBy: false'],
  ])('%s: %s', async (orderBy, remedy) => {
    const { url } = await startInProcessBroker();
    const { controllers } = heldDevices({ orderBy });
    const started = startServer(connectionTo(url), { controllers });
    await expect(started).rejects.toThrow(InvalidOptionsError);
    await expect(started).rejects.toThrow(remedy);
  });

  it('is switched off by false where a server has one for all', async () => {
    const { url } = await startInProcessBroker();
    const { runs, controllers } = heldDevices({ orderBy: false });
    await startServer({ ...connectionTo(url), subscribeOptions: { orderBy: 'deviceId' } }, { controllers });
    const client = createClient(connectionTo(url));
    for (const name of ['a1', 'a2']) await client.publish('keys/a/value', name, { qos: 1 });
    await runs.started.atLeast(2);
    expect(new Set(runs.started.entries)).toEqual(new Set(['a1', 'a2']));
    await finish(runs, 'a1', 'a2');
    await runs.ended.atLeast(2);
  });
});

const KEYS = 20;
const MESSAGES = 600;
const random = Random.fromEnvironment();

/** Cuts the server's connection now and then. */
function cutter(broker: MqttBroker, server: ServerMqtt): () => void {
  let untilCut = 60;
  return () => {
    if (--untilCut > 0) return;
    untilCut = random.between(40, 120);
    if (server.health()?.connected) broker.faults.drop('ordered');
  };
}

describe.each([5, 4] as const)(
  `orderBy under failures, retries and cuts (version %i, SEED=${random.seed})`,
  (version) => {
    it('each key in order, no two of a key at once, nothing lost', async () => {
      const { broker, url } = await startInProcessBroker();
      const handled = Array.from({ length: KEYS }, () => [] as number[]);
      const running = new Set<string>();
      const problems: string[] = [];
      const done = new Journal<number>();
      const cutting: { cut?: () => void } = {};
      @Controller()
      class Devices {
        @EventPattern<unknown>('keys/{key}/storm', {
          qos: 1,
          orderBy: 'key',
          retry: { attempts: 10, delay: 1, maxDelay: 2 },
        })
        async value(@Payload() number: number, @Ctx() context: MqttContext): Promise<void> {
          const key = context.params['key']!;
          if (running.has(key)) problems.push(`two of ${key} at once`);
          running.add(key);
          try {
            for (let turns = random.between(0, 3); turns > 0; turns--) await new Promise(setImmediate);
            if (random.next() < 0.2) throw new Error('a failure');
            const numbers = handled[Number(key)]!;
            if (!numbers.includes(number)) {
              numbers.push(number);
              done.add(number);
            }
            cutting.cut?.();
          } finally {
            running.delete(key);
          }
        }
      }
      const { server } = await startServer(
        { ...durable(connectionTo(url, version), 'ordered'), reconnect: { initialDelay: 1, maxDelay: 5 } },
        { controllers: [Devices] },
      );
      cutting.cut = cutter(broker, server);
      const client = createClient(connectionTo(url, version));
      const sent = Array.from({ length: KEYS }, () => 0);
      for (let n = 0; n < MESSAGES; n++) {
        const key = random.between(0, KEYS - 1);
        const number = sent[key]!;
        sent[key] = number + 1;
        await client.publish(`keys/${key}/storm`, number, { qos: 1 });
      }
      await done.atLeast(MESSAGES);
      expect(problems).toEqual([]);
      expect(handled.map((numbers) => numbers.join())).toEqual(sent.map((count) => [...Array(count).keys()].join()));
    });
  },
);
