import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import type { IPublishPacket, MqttClient } from 'mqtt';
import { concat, delay, of } from 'rxjs';
import {
  AckPolicy,
  NackMessage,
  type Claim,
  type DeduplicationStore,
  type MqttSubscriptionOptions,
  type OutgoingMessage,
} from '../../../lib/index.js';
import { MemoryDeduplicationStore } from '../../../lib/stores/index.js';
import { acknowledgementsOf } from '../../support/acknowledgements.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { closeAfterTest } from '../../support/closing.js';
import { CompiledWorker } from '../../support/compiled-worker.js';
import { eventually } from '../../support/deadline.js';
import { HeldRuns } from '../../support/held-runs.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { startServer } from '../../support/nest-application.js';
import { tapWire } from '../../support/wire-tap.js';

const REQUEST = { responseTopic: 'answers', correlationData: Buffer.from('one') };

/** A request as a caller sends it again that did not hear the PUBACK. */
async function ask(peer: MqttClient, topic: string, properties: object = REQUEST): Promise<void> {
  await peer.publishAsync(topic, 'x', { qos: 1, properties });
}

function inWords({ payload, properties }: IPublishPacket): string {
  const marks = { ...properties?.userProperties };
  delete marks['nest-control'];
  delete marks['nest-responder'];
  return [payload.toString(), ...Object.values(marks)].join(' ');
}

/** A store that takes its time. */
class SlowStore implements DeduplicationStore {
  readonly inner = new MemoryDeduplicationStore();
  readonly times = new Journal<number>();

  async claim(key: string, owner: string, leaseMs: number): Promise<Claim> {
    await new Promise(setImmediate);
    return this.inner.claim(key, owner, leaseMs);
  }

  async renew(key: string, owner: string, leaseMs: number): Promise<boolean> {
    await new Promise(setImmediate);
    return this.inner.renew(key, owner, leaseMs);
  }

  async complete(key: string, owner: string, replies: readonly OutgoingMessage[], ttlMs: number): Promise<boolean> {
    await new Promise(setImmediate);
    this.times.add(ttlMs);
    return this.inner.complete(key, owner, replies, ttlMs);
  }

  async release(key: string, owner: string): Promise<void> {
    await new Promise(setImmediate);
    this.inner.release(key, owner);
  }
}

const away = (): never => {
  throw new Error('the store is away');
};

const awayLater = (): Promise<never> => Promise.reject(new Error('the store is away'));

let program: CompiledWorker;

beforeAll(async () => {
  program = await CompiledWorker.compile(new URL('./workers/deduplicating-worker.ts', import.meta.url));
});

afterAll(() => program.remove());

describeEachBroker(
  'a request that arrives again',
  (broker) => {
    const ran = new Journal<string>();
    beforeEach(() => ran.clear());

    /** Handlers that differ in how they end. */
    function controllerOf(options: MqttSubscriptionOptions): new () => object {
      @Controller()
      class Service {
        @MessagePattern('value', options)
        value(): number {
          ran.add('value');
          return ran.size;
        }

        @MessagePattern('stream', options)
        stream() {
          ran.add('stream');
          return concat(...[1, 2, 3].map((value) => of(value).pipe(delay(1))));
        }

        @MessagePattern('failure', options)
        failure(): never {
          ran.add('failure');
          throw new RpcException(`failure ${ran.size}`);
        }

        @MessagePattern('silent', { ...options, noReply: true })
        silent(): void {
          ran.add('silent');
        }

        @MessagePattern('nacked', options)
        nacked(): never {
          ran.add('nacked');
          throw new NackMessage('later');
        }

        @MessagePattern('last')
        last(): string {
          return 'last';
        }
      }
      return Service;
    }

    it.each<[name: string, deduplicate: () => true | { store: DeduplicationStore }]>([
      ['in memory', () => true],
      ['in a store that takes its time', () => ({ store: new SlowStore() })],
    ])('after it was answered is answered as it was then (%s)', async (_name, deduplicate) => {
      const tap = await tapWire(broker.connection);
      const controllers = [controllerOf({ qos: 1, deduplicate: deduplicate() })];
      await startServer({ ...tap.connection, publishOptions: { qos: 1 } }, { controllers });
      const peer = await connectMqttJs(broker);
      const answers = await subscribeMqttJs(peer, 'answers', { qos: 1 });
      const expected: string[] = [];
      for (const [topic, replies] of [
        ['value', ['1']],
        ['failure', ['{"status":"error","message":"failure 2"} rpc']],
        ['stream', ['1 0', '2 1', '3 2;last']],
      ] as const) {
        for (const round of [1, 2, 3]) {
          expected.push(...replies);
          await ask(peer, topic, { ...REQUEST, correlationData: Buffer.from(topic) });
          await answers.atLeast(expected.length);
          await tap.packets.until(() => acknowledgementsOf(tap, topic).length === round, 'its acknowledgement');
        }
      }
      expect(answers.entries.map(inWords)).toEqual(expected);
      expect(ran.entries).toEqual(['value', 'failure', 'stream']);
    });

    it('while it runs joins it: one run, one reply, both acknowledged when that is out', async () => {
      const runs = new HeldRuns<string>();

      @Controller()
      class Held {
        @MessagePattern('held', { qos: 1, deduplicate: true })
        async answer(@Payload() name: string): Promise<string> {
          await runs.hold(name);
          return `done ${name}`;
        }
      }

      const tap = await tapWire(broker.connection);
      await startServer(tap.connection, { controllers: [Held, controllerOf({})] });
      const peer = await connectMqttJs(broker);
      const answers = await subscribeMqttJs(peer, 'answers', { qos: 1 });
      await ask(peer, 'held');
      await ask(peer, 'held');
      await runs.started.atLeast(1);
      await ask(peer, 'last', { responseTopic: 'answers' });
      await answers.atLeast(1);
      expect(acknowledgementsOf(tap, 'held')).toEqual([]);
      runs.releaseAll();
      await tap.packets.until(() => acknowledgementsOf(tap, 'held').length === 2, 'both acknowledgements');
      await ask(peer, 'last', { responseTopic: 'answers' });
      await answers.atLeast(3);
      expect(answers.entries.map(inWords)).toEqual(['last', 'done x', 'last']);
      expect(runs.started.size).toBe(1);
    });

    it('of a handler that does not reply is not run again either', async () => {
      const tap = await tapWire(broker.connection);
      await startServer(tap.connection, { controllers: [controllerOf({ qos: 1, deduplicate: true })] });
      const peer = await connectMqttJs(broker);
      for (const round of [1, 2]) {
        await ask(peer, 'silent');
        await tap.packets.until(() => acknowledgementsOf(tap, 'silent').length === round, 'its acknowledgement');
      }
      expect(ran.entries).toEqual(['silent']);
    });

    it('because it was withheld to come again is run again', async () => {
      const store = new SlowStore();
      const controllers = [controllerOf({ qos: 1, deduplicate: { store }, ackPolicy: AckPolicy.ACK })];
      await startServer(broker.connection, { controllers });
      const peer = await connectMqttJs(broker);
      const answers = await subscribeMqttJs(peer, 'answers', { qos: 1 });
      for (const round of [1, 2]) {
        await ask(peer, 'nacked');
        await answers.atLeast(round);
      }
      expect(ran.entries).toEqual(['nacked', 'nacked']);
      await eventually(() => store.inner.size === 0, 'nothing is kept');
    });

    it.each<[what: string, again: object]>([
      ['another Response Topic', { ...REQUEST, responseTopic: 'answers/other' }],
      ['other Correlation Data', { ...REQUEST, correlationData: Buffer.from('two') }],
    ])('with %s is another request', async (_what, again) => {
      await startServer(broker.connection, { controllers: [controllerOf({ qos: 1, deduplicate: true })] });
      const peer = await connectMqttJs(broker);
      const answers = await subscribeMqttJs(peer, 'answers/#', { qos: 1 });
      await ask(peer, 'value');
      await answers.atLeast(1);
      await ask(peer, 'value', again);
      expect((await answers.atLeast(2)).map(inWords)).toEqual(['1', '2']);
    });

    it('cannot be known without Correlation Data: it is run again', async () => {
      await startServer(broker.connection, { controllers: [controllerOf({ qos: 1, deduplicate: true })] });
      const peer = await connectMqttJs(broker);
      const answers = await subscribeMqttJs(peer, 'answers', { qos: 1 });
      for (const round of [1, 2]) {
        await ask(peer, 'value', { responseTopic: 'answers' });
        await answers.atLeast(round);
      }
      expect(answers.entries.map(inWords)).toEqual(['1', '2']);
    });

    it('is kept until the expiry of the request and a minute more, or for five minutes', async () => {
      const store = new SlowStore();
      await startServer(broker.connection, { controllers: [controllerOf({ qos: 1, deduplicate: { store } })] });
      const peer = await connectMqttJs(broker);
      const answers = await subscribeMqttJs(peer, 'answers', { qos: 1 });
      await ask(peer, 'value', { ...REQUEST, messageExpiryInterval: 100 });
      await ask(peer, 'value', { ...REQUEST, correlationData: Buffer.from('two') });
      await answers.atLeast(2);
      const [withExpiry, without] = (await store.times.atLeast(2)).toSorted((a, b) => a - b);
      expect(withExpiry).toBeGreaterThan(100_000);
      expect(withExpiry).toBeLessThanOrEqual(160_000);
      expect(without).toBe(300_000);
    });

    it('is kept for an hour and a minute at most, whatever expiry its caller chose', async () => {
      const store = new SlowStore();
      await startServer(broker.connection, { controllers: [controllerOf({ qos: 1, deduplicate: { store } })] });
      const peer = await connectMqttJs(broker);
      await ask(peer, 'value', { ...REQUEST, messageExpiryInterval: 0xffff_ffff });
      expect(await store.times.atLeast(1)).toEqual([3_660_000]);
    });

    it('is kept as long as the option ttl says', async () => {
      const store = new SlowStore();
      const controllers = [controllerOf({ qos: 1, deduplicate: { store, ttl: 7 } })];
      await startServer(broker.connection, { controllers });
      const peer = await connectMqttJs(broker);
      await ask(peer, 'value', { ...REQUEST, messageExpiryInterval: 100 });
      expect(await store.times.atLeast(1)).toEqual([7]);
    });

    it('is run again when the store is away, which the log says once', async () => {
      const store = { claim: away, renew: away, complete: awayLater, release: awayLater };
      await startServer(broker.connection, { controllers: [controllerOf({ qos: 1, deduplicate: { store } })] });
      const peer = await connectMqttJs(broker);
      const answers = await subscribeMqttJs(peer, 'answers', { qos: 1 });
      for (const round of [1, 2]) {
        await ask(peer, 'value');
        await answers.atLeast(round);
      }
      expect(answers.entries.map(inWords)).toEqual(['1', '2']);
      expect(transportLogs('warn')).toEqual(['The deduplication store failed in claim(): the store is away']);
    });

    it('at another process, with a store that both share, is answered there without running again', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'replies-'));
      closeAfterTest(() => rm(folder, { recursive: true }));
      const reports = new Journal<'ran' | 'kept'>();
      const parameters = { connection: broker.connection, folder };
      await Promise.all([program.start(parameters, reports), program.start(parameters, reports)]);
      const peer = await connectMqttJs(broker);
      const answers = await subscribeMqttJs(peer, 'answers', { qos: 1 });
      for (let round = 1; round <= 6; round++) {
        await ask(peer, 'increment');
        await answers.atLeast(round);
        await reports.first((report) => report === 'kept');
      }
      expect(answers.entries.map(inWords)).toEqual(Array(6).fill('1'));
      expect(reports.entries).toEqual(['ran', 'kept']);
    });
  },
  { versions: [5] },
);
