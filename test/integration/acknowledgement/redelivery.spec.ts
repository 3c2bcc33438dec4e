import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { AckPolicy, InvalidOptionsError, ServerMqtt, type MqttContext } from '../../../lib/index.js';
import { acknowledged, acknowledgedPayloads } from '../../support/acknowledgements.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { durable, resumeSession } from '../../support/durable-session.js';
import { HeldRuns } from '../../support/held-runs.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { createClient, createServer, startServer } from '../../support/nest-application.js';
import { tapWire, type WireTap } from '../../support/wire-tap.js';

/** Longer than any test: a redelivery that waits for it does not come. */
const NEVER = 3_600_000;
/** A message of this name is withheld every time. */
const POISON = 'poison';

const connects = (tap: WireTap): number => tap.sent('client', 'connect').length;

/** A handler that withholds each message the first time, and one that is held. */
function jobs(): { seen: Journal<string>; runs: HeldRuns<string>; controller: new () => object } {
  const seen = new Journal<string>();
  const runs = new HeldRuns<string>();
  const known = new Set<string>();

  @Controller()
  class Jobs {
    @EventPattern<string>('redelivery/once', { ackPolicy: AckPolicy.NACK_ON_ERROR })
    once(@Payload() name: string): void {
      seen.add(name);
      const first = !known.has(name);
      known.add(name);
      if (first || name.startsWith(POISON)) throw new Error(`cannot handle ${name} yet`);
    }

    @EventPattern<string>('redelivery/held')
    async held(@Payload() name: string): Promise<void> {
      await runs.hold(name);
    }

    @MessagePattern<string>('redelivery/ping', { qos: 0 })
    ping(): string {
      return 'pong';
    }
  }

  return { seen, runs, controller: Jobs };
}

describeEachBroker(
  'withheld messages',
  (broker) => {
    describe.each([1, 2] as const)('at QoS %i', (qos) => {
      it('are delivered again when the session is resumed: by the option redelivery', async () => {
        const tap = await tapWire(broker.connection);
        const { seen, controller } = jobs();
        const redelivery = { reconnect: true, delay: 20, maxDelay: 100 } as const;
        await startServer(
          { ...durable(tap.connection), subscribeOptions: { qos }, redelivery },
          { controllers: [controller] },
        );
        const peer = await connectMqttJs(broker);
        await peer.publishAsync('redelivery/once', 'a', { qos });
        await acknowledged(tap, 'a');
        expect(seen.entries).toEqual(['a', 'a']);
        expect(tap.sent('broker', 'publish').map(({ dup }) => dup)).toEqual([false, true]);
        expect(connects(tap)).toBe(2);
        expect(tap.sent('client', 'disconnect')).toHaveLength(1); // a will is not to be published over it
      });

      it('without that option stay with the broker, which is said once', async () => {
        const session = durable(broker.connection);
        const { seen, controller } = jobs();
        const { app } = await startServer({ ...session, subscribeOptions: { qos } }, { controllers: [controller] });
        const peer = await connectMqttJs(broker);
        for (const name of ['a', 'b', 'c']) await peer.publishAsync('redelivery/once', name, { qos });
        await seen.atLeast(3);
        await app.close();
        expect(transportLogs('warn')).toEqual([expect.stringMatching(/withheld.*Set the option redelivery/)]);
        const again = await resumeSession(session).atLeast(3);
        expect(again.map(({ payload }) => payload.toString())).toEqual(['a', 'b', 'c']);
      });

      it('come again at once when they nearly fill the window, and with a growing delay when they go on doing so', async () => {
        const tap = await tapWire(broker.connection);
        const { seen, controller } = jobs();
        const redelivery = { reconnect: true, delay: NEVER, maxDelay: NEVER } as const;
        await startServer(
          { ...durable(tap.connection), maxConcurrency: 8, subscribeOptions: { qos }, redelivery },
          { controllers: [controller] },
        );
        const peer = await connectMqttJs(broker);
        for (let i = 0; i < 6; i++) await peer.publishAsync('redelivery/once', `${POISON} ${i}`, { qos });
        await seen.atLeast(12); // six of eight: each comes twice, although the delay is long
        // it does not go round in circles
        const client = createClient(broker.connection);
        for (let i = 0; i < 10; i++) expect(await client.request('redelivery/ping', i)).toMatchObject({ data: 'pong' });
        expect([connects(tap), seen.size]).toEqual([2, 12]);
      });

      it('wait until the handlers that run have ended; no run is lost, none is doubled', async () => {
        const tap = await tapWire(broker.connection);
        const { seen, runs, controller } = jobs();
        const redelivery = { reconnect: true, delay: 0, maxDelay: NEVER } as const;
        await startServer(
          { ...durable(tap.connection), subscribeOptions: { qos }, redelivery },
          { controllers: [controller] },
        );
        const peer = await connectMqttJs(broker);
        await peer.publishAsync('redelivery/held', 'runs', { qos });
        await peer.publishAsync('redelivery/once', 'withheld', { qos });
        await seen.atLeast(1);
        expect(await createClient(broker.connection).request('redelivery/ping', 1)).toMatchObject({ data: 'pong' });
        expect(connects(tap)).toBe(1);
        // what begins meanwhile is not waited for, or busy servers would never get there
        await peer.publishAsync('redelivery/held', 'begins later', { qos });
        await runs.started.atLeast(2);
        runs.release('runs');
        await seen.atLeast(2);
        expect(connects(tap)).toBe(2);
        runs.release('begins later');
        await acknowledged(tap, 'begins later');
        await acknowledged(tap, 'withheld');
        expect(runs.started.entries).toEqual(['runs', 'begins later']);
        expect(seen.entries).toEqual(['withheld', 'withheld']);
        expect(acknowledgedPayloads(tap).toSorted()).toEqual(['begins later', 'runs', 'withheld']);
      });

      it('stay with the broker when the server closes first', async () => {
        const tap = await tapWire(broker.connection);
        const session = durable(tap.connection);
        const { seen, runs, controller } = jobs();
        const redelivery = { reconnect: true, delay: 0, maxDelay: NEVER } as const;
        const { app } = await startServer(
          { ...session, subscribeOptions: { qos }, redelivery },
          { controllers: [controller] },
        );
        const peer = await connectMqttJs(broker);
        await peer.publishAsync('redelivery/held', 'runs', { qos });
        await peer.publishAsync('redelivery/once', 'withheld', { qos });
        await seen.atLeast(1);
        expect(await createClient(broker.connection).request('redelivery/ping', 1)).toMatchObject({ data: 'pong' });
        const closed = app.close(); // while the redelivery waits for the handler
        runs.releaseAll();
        await closed;
        expect([connects(tap), acknowledgedPayloads(tap)]).toEqual([1, ['runs']]);
        const again = resumeSession({ ...session, url: broker.url });
        await peer.publishAsync('redelivery/once', 'end', { qos: 1 });
        await again.first(({ payload }) => payload.toString() === 'end');
        expect(again.entries.map(({ payload }) => payload.toString())).toEqual(['withheld', 'end']);
      });
    });

    it('after context.nack() under any policy too', async () => {
      const seen = new Journal<[attempt: number, dup: boolean]>();

      @Controller()
      class Jobs {
        @EventPattern<string>('redelivery/context')
        job(@Payload() _name: string, @Ctx() context: MqttContext): void {
          seen.add([context.attempt, context.dup]);
          if (!context.dup) context.nack();
        }
      }
      const tap = await tapWire(broker.connection);
      const redelivery = { reconnect: true, delay: 0 } as const;
      await startServer(
        { ...durable(tap.connection), subscribeOptions: { qos: 1 }, redelivery },
        { controllers: [Jobs] },
      );
      const peer = await connectMqttJs(broker);
      await peer.publishAsync('redelivery/context', 'a', { qos: 1 });
      await acknowledged(tap, 'a');
      // prettier-ignore
      expect(seen.entries).toEqual([[1, false], [1, true]]);
    });

    describe('need a session that survives: without one', () => {
      const remedy = /Set clientId, clean: false/;

      it('NACK_ON_ERROR for the whole server is refused at construction', () => {
        const options = { ...broker.connection, subscribeOptions: { ackPolicy: AckPolicy.NACK_ON_ERROR } };
        expect(() => new ServerMqtt(options)).toThrow(InvalidOptionsError);
        expect(() => new ServerMqtt(options)).toThrow(remedy);
      });

      it('NACK_ON_ERROR of a handler is refused at start, by the name of its pattern', async () => {
        const { controller } = jobs();
        const { app } = await createServer(broker.connection, { controllers: [controller] });
        const refused = await app.listen().then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(refused).toBeInstanceOf(InvalidOptionsError);
        expect((refused as Error).message).toMatch(/'redelivery\/once'/);
        expect((refused as Error).message).toMatch(remedy);
      });

      it('the option redelivery is refused at construction', () => {
        const options = { ...broker.connection, redelivery: { reconnect: true } as const };
        expect(() => new ServerMqtt(options)).toThrow(remedy);
      });

      it('a session that ends with its connection is none (5.0)', async () => {
        if (broker.protocolVersion === 4) return; // there a session lasts
        const { controller } = jobs();
        const { app } = await createServer(
          { ...broker.connection, clientId: 'no-expiry', clean: false },
          { controllers: [controller] },
        );
        await expect(app.listen()).rejects.toThrow(/sessionExpiryInterval/);
      });
    });
  },
  { mosquitto: { config: ['max_inflight_messages 0'] } },
);
