import { beforeEach, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import {
  AckMessage,
  AckPolicy,
  MqttContext,
  type Claim,
  type DeduplicateOptions,
  type DeduplicationStore,
  type KeyedMessage,
  type MqttSubscriptionOptions,
  type OutgoingMessage,
} from '../../../lib/index.js';
import { MemoryDeduplicationStore } from '../../../lib/stores/index.js';
import { acknowledgedPayloads } from '../../support/acknowledgements.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { eventually } from '../../support/deadline.js';
import { durable, resumeSession } from '../../support/durable-session.js';
import { HeldRuns } from '../../support/held-runs.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { startServer, type RunningServer } from '../../support/nest-application.js';
import { tapWire, type WireTap } from '../../support/wire-tap.js';

interface Order {
  readonly id: string;
  readonly fails?: boolean;
}

const key = ({ data }: KeyedMessage): string => (data as Order).id;
const keyOfTopic = ({ topic, params, packet }: KeyedMessage): string | undefined =>
  params['shop'] === 'none' ? undefined : `${topic} ${packet.qos}`;
const NEVER_MS = 3_600_000;

/** A store that several servers share, as processes do, and that shows what it is asked. */
class ObservedStore implements DeduplicationStore {
  readonly inner = new MemoryDeduplicationStore();
  readonly asked = new Journal<string>();
  /** Done before the first claim. */
  beforeFirst: ((key: string) => void) | undefined;
  /** What the answer to a claim waits for. */
  claimHeld: Promise<void> | undefined;
  /** What completing waits for. */
  held: Promise<void> | undefined;
  lost = false;

  claim(name: string, owner: string, leaseMs: number): Claim | Promise<Claim> {
    this.beforeFirst?.(name);
    this.beforeFirst = undefined;
    const claim = this.inner.claim(name, owner, leaseMs);
    this.asked.add(claim.state);
    return this.claimHeld ? this.claimHeld.then(() => claim) : claim;
  }

  renew(name: string, owner: string, leaseMs: number): boolean {
    this.asked.add('renew');
    return !this.lost && this.inner.renew(name, owner, leaseMs);
  }

  async complete(name: string, owner: string, replies: readonly OutgoingMessage[], ttlMs: number): Promise<boolean> {
    this.asked.add('complete');
    await this.held;
    return this.inner.complete(name, owner, replies, ttlMs);
  }

  release(name: string, owner: string): void {
    this.asked.add('release');
    this.inner.release(name, owner);
  }

  count(what: string): number {
    return this.asked.entries.filter((entry) => entry === what).length;
  }
}

const acknowledgedBy = (...taps: WireTap[]): string[] => taps.flatMap(acknowledgedPayloads);

describeEachBroker('events that arrive again', (broker) => {
  const ran = new Journal<string>();
  let runs: HeldRuns<string>;
  beforeEach(() => {
    ran.clear();
    runs = new HeldRuns();
  });

  function ordersWith(deduplicate: DeduplicateOptions, options: MqttSubscriptionOptions = {}): new () => object {
    @Controller()
    class Orders {
      @EventPattern<string>('orders/{shop}', { qos: 1, deduplicate, ...options })
      created(@Payload() { id, fails }: Order): void {
        ran.add(id);
        if (fails) throw new Error('cannot be booked');
      }

      @EventPattern<string>('held', { qos: 1, deduplicate })
      async held(@Payload() { id }: Order): Promise<void> {
        await runs.hold(id);
      }

      @EventPattern<string>('other', { qos: 1 })
      other(@Payload() { id }: Order): void {
        ran.add(id);
      }
    }
    return Orders;
  }

  async function publisher(): Promise<(topic: string, order: Order, qos?: 0 | 1) => Promise<void>> {
    const peer = await connectMqttJs(broker);
    return async (topic, order, qos = 1) => void (await peer.publishAsync(topic, JSON.stringify(order), { qos }));
  }

  it('run once for each key, within their handler, and are acknowledged', async () => {
    const store = new MemoryDeduplicationStore();

    @Controller()
    class Mails {
      @EventPattern<string>('orders/+', { qos: 1, deduplicate: { key, store } })
      created(@Payload() { id }: Order): void {
        ran.add(`mail ${id}`);
      }
    }
    const tap = await tapWire(broker.connection);
    await startServer(tap.connection, { controllers: [ordersWith({ key, store }), Mails] });
    const publish = await publisher();
    for (const id of ['1', '1', '2', '1']) await publish('orders/a', { id });
    await tap.packets.until(() => acknowledgedBy(tap).length === 4, 'all acknowledgements');
    expect(ran.entries.toSorted()).toEqual(['1', '2', 'mail 1', 'mail 2']);
  });

  it('run each time when they have no key; the key may be of topic, captures and packet', async () => {
    const tap = await tapWire(broker.connection);
    await startServer(tap.connection, { controllers: [ordersWith({ key: keyOfTopic })] });
    const publish = await publisher();
    for (const shop of ['a', 'a', 'none', 'none', 'b']) await publish(`orders/${shop}`, { id: shop });
    await tap.packets.until(() => acknowledgedBy(tap).length === 5, 'all acknowledgements');
    expect(ran.entries).toEqual(['a', 'none', 'none', 'b']);
  });

  it('run again when they had failed, and not when AckMessage ended them', async () => {
    @Controller()
    class Ended {
      @EventPattern<string>('ended', { qos: 1, deduplicate: { key } })
      ended(@Payload() { id }: Order): void {
        ran.add(id);
        throw new AckMessage();
      }
    }
    const tap = await tapWire(broker.connection);
    await startServer(tap.connection, { controllers: [ordersWith({ key }), Ended] });
    const publish = await publisher();
    await publish('orders/a', { id: '1', fails: true });
    await tap.packets.until(() => acknowledgedBy(tap).length === 1, 'the first acknowledgement');
    await publish('orders/a', { id: '1' });
    await publish('ended', { id: '2' });
    await tap.packets.until(() => acknowledgedBy(tap).length === 3, 'the next acknowledgements');
    await publish('ended', { id: '2' });
    await tap.packets.until(() => acknowledgedBy(tap).length === 4, 'all acknowledgements');
    expect(ran.entries.toSorted()).toEqual(['1', '1', '2']);
  });

  it('run again when they were withheld, under the claim of another delivery', async () => {
    const store = new ObservedStore();
    let failures = 2;

    @Controller()
    class Jobs {
      @EventPattern<string>('jobs', { qos: 1, ackPolicy: AckPolicy.NACK_ON_ERROR, deduplicate: { key, store } })
      run(@Payload() { id }: Order): void {
        ran.add(id);
        if (failures-- > 0) throw new Error('not yet');
      }
    }
    const tap = await tapWire(broker.connection);
    const redelivery = { reconnect: true, delay: 20 } as const;
    await startServer({ ...durable(tap.connection), redelivery }, { controllers: [Jobs] });
    const publish = await publisher();
    await publish('jobs', { id: '1' });
    await tap.packets.until(() => acknowledgedBy(tap).length === 1, 'its acknowledgement');
    expect(ran.entries).toEqual(['1', '1', '1']);
    expect(store.asked.entries).toEqual(['mine', 'release', 'mine', 'release', 'mine', 'complete']);
  });

  it('are acknowledged when the store knows that they were handled, and not before', async () => {
    const store = new ObservedStore();
    let resume!: () => void;
    store.held = new Promise((resolve) => (resume = resolve));
    const tap = await tapWire(broker.connection);
    await startServer(tap.connection, { controllers: [ordersWith({ key, store })] });
    const publish = await publisher();
    await publish('orders/a', { id: '1' });
    await store.asked.first((what) => what === 'complete');
    expect(acknowledgedBy(tap)).toEqual([]);
    resume();
    await tap.packets.until(() => acknowledgedBy(tap).length === 1, 'its acknowledgement');
  });

  describe('are acknowledged', () => {
    const contexts = new Journal<MqttContext>();
    beforeEach(() => contexts.clear());

    function jobsWith(ackPolicy: AckPolicy, store: DeduplicationStore): new () => object {
      @Controller()
      class Jobs {
        @EventPattern<string>('jobs', { qos: 1, ackPolicy, deduplicate: { key, store } })
        async run(@Payload() { id }: Order, @Ctx() context: MqttContext): Promise<void> {
          contexts.add(context);
          await runs.hold(id);
        }
      }
      return Jobs;
    }

    it('before their handler runs with ACK_FIRST', async () => {
      const store = new ObservedStore();
      const tap = await tapWire(broker.connection);
      await startServer(tap.connection, { controllers: [jobsWith(AckPolicy.ACK_FIRST, store)] });
      const publish = await publisher();
      await publish('jobs', { id: '1' });
      await tap.packets.until(() => acknowledgedBy(tap).length === 1, 'its acknowledgement');
      expect(runs.ended.size).toBe(0);
      runs.releaseAll();
      await store.asked.first((what) => what === 'complete');
    });

    it('when their handler says so with MANUAL, also after its end, and are known from then on', async () => {
      const store = new ObservedStore();
      const tap = await tapWire(broker.connection);
      await startServer(tap.connection, { controllers: [jobsWith(AckPolicy.MANUAL, store)] });
      const publish = await publisher();
      await publish('jobs', { id: '1' });
      runs.releaseAll();
      await runs.ended.atLeast(1);
      expect([acknowledgedBy(tap), store.count('complete')]).toEqual([[], 0]);
      contexts.entries[0]!.ack();
      await tap.packets.until(() => acknowledgedBy(tap).length === 1, 'its acknowledgement');
      await store.asked.first((what) => what === 'complete');
    });
  });

  it('while they run elsewhere wait for that, without a worker, and are acknowledged together', async () => {
    const store = new ObservedStore();
    const taps = [await tapWire(broker.connection), await tapWire(broker.connection)];
    for (const { connection } of taps)
      // both get every message
      await startServer({ ...connection, maxConcurrency: 1 }, { controllers: [ordersWith({ key, store })] });
    const publish = await publisher();
    await publish('held', { id: 'h' });
    await runs.started.atLeast(1);
    await store.asked.first((what) => what === 'running');
    await publish('other', { id: 'o' }, 0); // for which Receive Maximum does not count
    await ran.atLeast(1); // by the only worker of the one that waits
    expect(acknowledgedBy(...taps).filter((payload) => payload.includes('"h"'))).toEqual([]);
    runs.releaseAll();
    await eventually(
      () => acknowledgedBy(...taps).filter((payload) => payload.includes('"h"')).length === 2,
      'both acknowledge it',
    );
    expect(runs.started.entries).toEqual(['h']);
  });

  it('at QoS 0 do not wait for who runs them', async () => {
    const store = new ObservedStore();
    const servers: RunningServer[] = [];
    for (let i = 0; i < 2; i++)
      servers.push(await startServer(broker.connection, { controllers: [ordersWith({ key, store })] }));
    const publish = await publisher();
    await publish('held', { id: 'h' }, 0);
    await runs.started.atLeast(1);
    await store.asked.first((what) => what === 'running');
    const running = (): number => servers.reduce((sum, { server }) => sum + server['runtime']!['host'].running.size, 0);
    await eventually(() => running() === 2, 'a run and its claim are all there is');
    runs.releaseAll();
    await eventually(() => running() === 0, 'nothing is under way');
    expect(runs.started.size).toBe(1);
  });

  it('are taken over when the lease of who began has ended', async () => {
    const store = new ObservedStore();
    store.beforeFirst = (name) => void store.inner.claim(name, 'a process that was killed', 200);
    const tap = await tapWire(broker.connection);
    await startServer(tap.connection, { controllers: [ordersWith({ key, store, lease: 5_000 })] });
    const publish = await publisher();
    await publish('orders/a', { id: '1' });
    await tap.packets.until(() => acknowledgedBy(tap).length === 1, 'its acknowledgement');
    expect(ran.entries).toEqual(['1']);
    expect(store.asked.entries[0]).toBe('running');
    expect(store.asked.entries.slice(-2)).toEqual(['mine', 'complete']);
  });

  it.each([
    ['The broker delivers it again when the session is resumed.', true],
    ['Unless that process handles it, it is lost: its session ends with the connection', false],
  ])('are withheld when another process goes on for longer than two leases. %s', async (fate, survives) => {
    const store = new ObservedStore();
    store.beforeFirst = (name) => void store.inner.claim(name, 'a process that never ends', NEVER_MS);
    const { server } = await startServer(survives ? durable(broker.connection) : broker.connection, {
      controllers: [ordersWith({ key, store, lease: 100 })],
    });
    const publish = await publisher();
    await publish('orders/a', { id: '1' });
    await eventually(() => server.health()?.withheld === 1, 'it is withheld');
    expect(ran.entries).toEqual([]);
    expect(transportLogs('warn')[0]).toMatch(/withheld: another process has been handling it for more than 200 ms/);
    expect(transportLogs('warn')[0]).toContain(fate);
  });

  it('have their lease renewed while their handler runs, and while they wait for a worker', async () => {
    const store = new ObservedStore();
    const controllers = [ordersWith({ key, store, lease: 100 })];
    await startServer(broker.connection, { controllers });
    const publish = await publisher();
    await publish('held', { id: 'h' });
    await eventually(() => store.count('renew') >= 6, 'it is renewed for longer than two leases');
    runs.releaseAll();
    await store.asked.first((what) => what === 'complete');
    expect(transportLogs('warn')).toEqual([]);
  });

  it('whose claim was lost go on, which the log says', async () => {
    const store = new ObservedStore();
    store.lost = true;
    await startServer(broker.connection, { controllers: [ordersWith({ key, store, lease: 100 })] });
    const publish = await publisher();
    await publish('held', { id: 'h' });
    await eventually(() => transportLogs('warn').length > 0, 'a warning');
    expect(transportLogs('warn')[0]).toMatch(/The claim of a running handler was lost/);
    runs.releaseAll();
    await runs.ended.atLeast(1);
  });

  it('that wait when the server closes stay with the broker, and closing does not wait for them', async () => {
    const store = new ObservedStore();
    store.beforeFirst = (name) => void store.inner.claim(name, 'another process', NEVER_MS);
    const session = durable(broker.connection);
    const { app } = await startServer(
      { ...session, gracefulTimeout: NEVER_MS },
      { controllers: [ordersWith({ key, store })] },
    );
    const publish = await publisher();
    await publish('orders/a', { id: '1' });
    await store.asked.first((what) => what === 'running');
    await app.close();
    const left = await resumeSession(session).atLeast(1);
    expect(left.map(({ payload }) => payload.toString())).toEqual(['{"id":"1"}']);
    expect(ran.entries).toEqual([]);
  });

  it('whose claim is on its way when the server closes give it back, and stay with the broker', async () => {
    const store = new ObservedStore();
    let answer!: () => void;
    store.claimHeld = new Promise((resolve) => (answer = resolve));
    const session = durable(broker.connection);
    const { server } = await startServer(
      { ...session, gracefulTimeout: NEVER_MS },
      { controllers: [ordersWith({ key, store })] },
    );
    const publish = await publisher();
    await publish('orders/a', { id: '1' });
    await store.asked.first((what) => what === 'mine');
    const closed = server.close();
    answer();
    await closed;
    await store.asked.first((what) => what === 'release');
    const left = await resumeSession(session).atLeast(1);
    expect(left.map(({ payload }) => payload.toString())).toEqual(['{"id":"1"}']);
    expect(ran.entries).toEqual([]);
  });

  it('that wait for a worker under a claim when the server closes give it back, and stay with the broker', async () => {
    const store = new ObservedStore();
    store.beforeFirst = (name) => void store.inner.claim(name, 'a process that was killed', 200);
    const session = durable(broker.connection);
    const { server } = await startServer(
      { ...session, gracefulTimeout: NEVER_MS, maxConcurrency: 1 },
      { controllers: [ordersWith({ key, store, lease: 5_000 })] },
    );
    const publish = await publisher();
    await publish('orders/a', { id: '1' });
    await store.asked.first((what) => what === 'running'); // elsewhere, so that the worker is free
    await publish('held', { id: 'h' }, 0); // for which Receive Maximum does not count
    await runs.started.atLeast(1);
    await store.asked.until(() => store.count('mine') === 2, 'the first is taken over, and waits for the worker');
    await eventually(() => server['runtime']!['gate'].waitingJobs === 1, 'it waits');
    const closed = server.close();
    runs.releaseAll();
    await closed;
    expect(store.count('release')).toBe(1);
    const left = await resumeSession(session).atLeast(1);
    expect(left.map(({ payload }) => payload.toString())).toEqual(['{"id":"1"}']);
    expect(ran.entries).toEqual([]);
  });

  it('that run when the server has waited long enough keep their lease, which nobody renews any more', async () => {
    const store = new ObservedStore();
    const { app } = await startServer(
      { ...durable(broker.connection), gracefulTimeout: 10 },
      { controllers: [ordersWith({ key, store, lease: 300 })] },
    );
    const publish = await publisher();
    await publish('held', { id: 'h' });
    await runs.started.atLeast(1);
    await app.close();
    const [name] = [...(store.inner['entries'] as Map<string, unknown>).keys()];
    expect(store.inner.claim(name!, 'another process', NEVER_MS).state).toBe('running');
    await eventually(
      () => store.inner.claim(name!, 'another process', NEVER_MS).state === 'mine',
      'its lease has ended',
    );
    runs.releaseAll();
  });
});
