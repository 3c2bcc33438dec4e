import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { AckPolicy, MqttSubscription } from '../../../lib/index.js';
import { acknowledged, acknowledgements } from '../../support/acknowledgements.js';
import { describeEachBroker, type BrokerUnderTest } from '../../support/broker-matrix.js';
import { durable, resumeSession, type DurableConnection } from '../../support/durable-session.js';
import { HeldRuns } from '../../support/held-runs.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { tapWire } from '../../support/wire-tap.js';

const names = (what: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${what} ${i}`);

/** Handlers that are held, of several kinds. */
function jobs(): { runs: HeldRuns<string>; controller: new () => object } {
  const runs = new HeldRuns<string>();

  @Controller()
  class Jobs {
    @MqttSubscription({ maxWorkers: 3 })
    @EventPattern<string>('closing/jobs')
    async job(@Payload() name: string): Promise<void> {
      await runs.hold(name);
    }

    @EventPattern<string>('closing/others')
    async other(@Payload() name: string): Promise<void> {
      await runs.hold(name);
    }

    @EventPattern<string>('closing/manual', { ackPolicy: AckPolicy.MANUAL })
    async manual(@Payload() name: string): Promise<void> {
      await runs.hold(name);
    }

    @MessagePattern<string>('closing/requests')
    async request(@Payload() name: string): Promise<string> {
      await runs.hold(name);
      return `reply to ${name}`;
    }

    @EventPattern<string>('closing/end')
    end(): void {}
  }

  return { runs, controller: Jobs };
}

/** Payloads of what the broker has kept for a session that its server has left. */
async function leftBehind(broker: BrokerUnderTest, session: DurableConnection): Promise<string[]> {
  const peer = await connectMqttJs(broker);
  const again = resumeSession({ ...session, url: broker.url });
  await peer.publishAsync('closing/end', 'end', { qos: 1 });
  await again.first(({ topic }) => topic === 'closing/end');
  return again.entries.map(({ payload }) => payload.toString()).filter((payload) => payload !== 'end');
}

describeEachBroker('close()', (broker) => {
  describe.each([1, 2] as const)('at QoS %i', (qos) => {
    it('acknowledges what runs when it has finished, and leaves to the broker what had not started', async () => {
      const tap = await tapWire(broker.connection);
      const session = durable(tap.connection);
      const { runs, controller } = jobs();
      const { app } = await startServer({ ...session, subscribeOptions: { qos } }, { controllers: [controller] });
      const peer = await connectMqttJs(broker);
      for (const name of names('job', 12)) await peer.publishAsync('closing/jobs', name, { qos });
      await runs.started.atLeast(3);
      await tap.packets.until(() => tap.sent('broker', 'publish').length === 12, '12 deliveries');

      const closed = app.close();
      runs.releaseAll();
      await closed;
      expect(runs.ended.entries).toEqual(names('job', 3));
      expect(await leftBehind(broker, session)).toEqual(names('job', 12).slice(3));
      // to the end: a QoS 2 message is over with PUBCOMP, before DISCONNECT
      const completed = acknowledgements(tap).filter(({ words }) => words.startsWith(qos === 1 ? 'PUBACK' : 'PUBCOMP'));
      expect(completed.map(({ message }) => message.payload.toString())).toEqual(names('job', 3));
      expect(tap.packets.entries.findLast(({ from }) => from === 'client')?.packet.cmd).toBe('disconnect');
    });

    it('acknowledges what has finished even if an earlier message had not started', async () => {
      const tap = await tapWire(broker.connection);
      const session = durable(tap.connection);
      const { runs, controller } = jobs();
      const { app } = await startServer({ ...session, subscribeOptions: { qos } }, { controllers: [controller] });
      const peer = await connectMqttJs(broker);
      for (const name of names('job', 4)) await peer.publishAsync('closing/jobs', name, { qos });
      await peer.publishAsync('closing/others', 'behind it', { qos });
      await runs.started.first((name) => name === 'behind it');

      const closed = app.close();
      runs.releaseAll();
      await closed;
      expect(runs.ended.entries).toEqual([...names('job', 3), 'behind it']);
      expect(await leftBehind(broker, session)).toEqual(['job 3']);
    });

    it('does not wait for a handler that hangs longer than gracefulTimeout, and acknowledges what is behind it', async () => {
      const tap = await tapWire(broker.connection);
      const session = durable(tap.connection);
      const { runs, controller } = jobs();
      const { app } = await startServer(
        { ...session, subscribeOptions: { qos }, gracefulTimeout: 50 },
        { controllers: [controller] },
      );
      const peer = await connectMqttJs(broker);
      await peer.publishAsync('closing/others', 'hangs', { qos });
      await peer.publishAsync('closing/others', 'is done', { qos });
      await runs.started.atLeast(2);
      runs.release('is done');
      await app.close();
      expect(await leftBehind(broker, session)).toEqual(['hangs']);
      runs.releaseAll(); // too late, and without effect
    });

    it('acknowledges what is behind a message that MANUAL left undecided', async () => {
      const tap = await tapWire(broker.connection);
      const session = durable(tap.connection);
      const { runs, controller } = jobs();
      const { app } = await startServer({ ...session, subscribeOptions: { qos } }, { controllers: [controller] });
      const peer = await connectMqttJs(broker);
      await peer.publishAsync('closing/manual', 'undecided', { qos });
      await peer.publishAsync('closing/others', 'is done', { qos });
      await runs.started.atLeast(2);
      runs.releaseAll();
      await app.close();
      expect(await leftBehind(broker, session)).toEqual(['undecided']);
    });

    it('under load: every message is handled once, by this server or by the next on its session', async () => {
      const session = durable(broker.connection);
      const peer = await connectMqttJs(broker);
      const all = names('job', 150);
      const handled = { first: new Journal<string>(), second: new Journal<string>() };
      const server = async (journal: Journal<string>): ReturnType<typeof startServer> => {
        @Controller()
        class Load {
          @MqttSubscription({ maxWorkers: 5 })
          @EventPattern<string>('closing/load')
          async job(@Payload() name: string): Promise<void> {
            await new Promise((resolve) => setImmediate(resolve));
            journal.add(name);
          }
        }
        return startServer({ ...session, subscribeOptions: { qos } }, { controllers: [Load] });
      };
      const { app } = await server(handled.first);
      const published = (async () => {
        for (const name of all) await peer.publishAsync('closing/load', name, { qos });
      })();
      await handled.first.atLeast(40);
      await app.close();
      await published;
      await server(handled.second);
      await handled.second.first((name) => name === all.at(-1));
      expect([...handled.first.entries, ...handled.second.entries]).toEqual(all);
    });

    it('lets the replies of running requests go out', async () => {
      const { runs, controller } = jobs();
      const { app } = await startServer(
        { ...broker.connection, subscribeOptions: { qos } },
        { controllers: [controller] },
      );
      const reply = createClient(broker.connection).request('closing/requests', 'the last one', { qos });
      await runs.started.atLeast(1);
      const closed = app.close();
      runs.releaseAll();
      expect((await reply).data).toBe('reply to the last one');
      await closed;
    });
  });

  it('leaves the subscriptions of a durable session alone', async () => {
    const tap = await tapWire(broker.connection);
    const session = durable(tap.connection);
    const { runs, controller } = jobs();
    const { app } = await startServer({ ...session, subscribeOptions: { qos: 1 } }, { controllers: [controller] });
    const peer = await connectMqttJs(broker);
    await peer.publishAsync('closing/others', 'handled', { qos: 1 });
    await runs.started.atLeast(1);
    runs.releaseAll();
    await acknowledged(tap, 'handled');
    await app.close();
    expect(tap.sent('client', 'unsubscribe')).toEqual([]);
    await peer.publishAsync('closing/others', 'while it was away', { qos: 1 });
    expect(await leftBehind(broker, session)).toEqual(['while it was away']);
  });
});
