import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { MqttClient } from 'mqtt';
import { MqttSubscription } from '../../../lib/index.js';
import { acknowledged, acknowledgedPayloads } from '../../support/acknowledgements.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { HeldRuns } from '../../support/held-runs.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { tapWire } from '../../support/wire-tap.js';

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `job ${i}`);

function jobs(): { runs: HeldRuns<string>; controller: new () => object } {
  const runs = new HeldRuns<string>();

  @Controller()
  class Jobs {
    @EventPattern('concurrency/jobs')
    async job(@Payload() name: string): Promise<void> {
      await runs.hold(name);
    }

    @MessagePattern('concurrency/echo')
    echo(@Payload() data: unknown): unknown {
      return data;
    }
  }

  return { runs, controller: Jobs };
}

describeEachBroker(
  'handlers',
  (broker) => {
    describe.each([1, 2] as const)('at QoS %i', (qos) => {
      it('run side by side, and nothing else on their connection waits for them', async () => {
        const tap = await tapWire(broker.connection);
        const { runs, controller } = jobs();
        const { server } = await startServer(
          { ...tap.connection, subscribeOptions: { qos } },
          { controllers: [controller] },
        );
        const peer = await connectMqttJs(broker);
        for (const name of names(50)) await peer.publishAsync('concurrency/jobs', name, { qos });
        await runs.started.atLeast(50); // all at once

        const connection = server.unwrap<MqttClient>();
        connection.sendPing();
        await tap.packets.first(({ packet }) => packet.cmd === 'pingresp');
        await connection.subscribeAsync('concurrency/other', { qos: 1 });
        const reply = await createClient(broker.connection).request('concurrency/echo', 'still there?', { qos });
        expect(reply.data).toBe('still there?');
        expect([runs.running, acknowledgedPayloads(tap)]).toEqual([50, []]);

        runs.releaseAll();
        await acknowledged(tap, 'job 49');
        expect(acknowledgedPayloads(tap).slice(0, 50)).toEqual(names(50));
      });

      it('of a subscription with maxWorkers: 1 run one by one, in order of arrival', async () => {
        const steps = new Journal<string>();

        @Controller()
        class OneByOne {
          @MqttSubscription({ maxWorkers: 1 })
          @EventPattern('concurrency/one-by-one')
          async job(@Payload() name: string): Promise<void> {
            steps.add(`${name} begins`);
            await new Promise((resolve) => setImmediate(resolve));
            steps.add(`${name} ends`);
          }
        }
        const tap = await tapWire(broker.connection);
        await startServer({ ...tap.connection, subscribeOptions: { qos } }, { controllers: [OneByOne] });
        const peer = await connectMqttJs(broker);
        for (const name of names(30)) await peer.publishAsync('concurrency/one-by-one', name, { qos });
        expect(await steps.atLeast(60)).toEqual(names(30).flatMap((name) => [`${name} begins`, `${name} ends`]));
        await acknowledged(tap, 'job 29');
        expect(acknowledgedPayloads(tap)).toEqual(names(30));
      });

      it('never run more than maxConcurrency at once, over all subscriptions, however much the broker sends', async () => {
        const runs = new HeldRuns<string>();

        @Controller()
        class Many {
          @EventPattern('concurrency/many/a')
          async a(@Payload() name: string): Promise<void> {
            await runs.hold(name);
          }

          @EventPattern('concurrency/many/b/+')
          async b(@Payload() name: string): Promise<void> {
            await runs.hold(name);
          }

          @EventPattern('concurrency/many/c')
          async c(@Payload() name: string): Promise<void> {
            await runs.hold(name);
          }
        }
        const tap = await tapWire(broker.connection);
        await startServer({ ...tap.connection, maxConcurrency: 4, subscribeOptions: { qos } }, { controllers: [Many] });
        const peer = await connectMqttJs(broker);
        const topics = ['concurrency/many/a', 'concurrency/many/b/1', 'concurrency/many/c'];
        for (const [i, name] of names(60).entries()) await peer.publishAsync(topics[i % 3]!, name, { qos });

        // 3.1.1 knows no Receive Maximum: the broker sends them all
        const delivered = broker.protocolVersion === 4 ? 60 : 4;
        await tap.packets.until(() => tap.sent('broker', 'publish').length >= delivered, `${delivered} deliveries`);
        await runs.started.atLeast(4);
        for (let i = 0; i < 60; i++) {
          expect(runs.running).toBeLessThanOrEqual(4);
          runs.release((await runs.started.atLeast(i + 1))[i]!);
          await runs.ended.atLeast(i + 1);
        }
        expect(runs.mostAtOnce).toBe(4);
        await tap.packets.until(() => acknowledgedPayloads(tap).length === 60, '60 acknowledgements');
      });
    });

    it('bound what the broker sends: Receive Maximum is maxConcurrency (5.0)', async () => {
      const tap = await tapWire(broker.connection);
      const { controller } = jobs();
      await startServer({ ...tap.connection, maxConcurrency: 7 }, { controllers: [controller] });
      const [connect] = tap.sent('client', 'connect');
      expect(connect!.properties?.receiveMaximum).toBe(broker.protocolVersion === 5 ? 7 : undefined);
    });
  },
  { mosquitto: { config: ['max_inflight_messages 0'] } },
);
