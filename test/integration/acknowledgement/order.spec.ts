import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import * as fc from 'fast-check';
import type { MqttContext } from '../../../lib/index.js';
import { acknowledged, acknowledgedPayloads } from '../../support/acknowledgements.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { HeldRuns } from '../../support/held-runs.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { startServer } from '../../support/nest-application.js';
import { tapWire } from '../../support/wire-tap.js';

type Decision = 'ack' | 'nack' | 'reject' | 'none';

const DECISIONS: readonly Decision[] = ['ack', 'nack', 'reject', 'none'];

/** Handlers that are held until they are told what to do about their message; `none` leaves it to the policy. */
function jobs(): { runs: HeldRuns<string>; decisions: Map<string, Decision>; controller: new () => object } {
  const runs = new HeldRuns<string>();
  const decisions = new Map<string, Decision>();

  @Controller()
  class Jobs {
    @EventPattern<string>('order/jobs')
    async job(@Payload() name: string, @Ctx() context: MqttContext): Promise<void> {
      await runs.hold(name);
      const decision = decisions.get(name) ?? 'none';
      if (decision !== 'none') context[decision]();
    }
  }

  return { runs, decisions, controller: Jobs };
}

describeEachBroker(
  'acknowledgements leave in order of arrival [MQTT-4.6.0-2, MQTT-4.6.0-3]',
  (broker) => {
    describe.each([1, 2] as const)('at QoS %i', (qos) => {
      it('when handlers finish in reverse order', async () => {
        const tap = await tapWire(broker.connection);
        const { runs, controller } = jobs();
        await startServer({ ...tap.connection, subscribeOptions: { qos } }, { controllers: [controller] });
        const peer = await connectMqttJs(broker);
        const names = Array.from({ length: 20 }, (_, i) => `job ${i}`);
        for (const name of names) await peer.publishAsync('order/jobs', name, { qos });
        await runs.started.atLeast(names.length);

        for (const name of names.toReversed()) {
          expect(acknowledgedPayloads(tap)).toEqual([]); // the first one holds up all others
          runs.release(name);
          await runs.ended.first((ended) => ended === name);
        }
        await acknowledged(tap, names.at(-1)!);
        expect(acknowledgedPayloads(tap)).toEqual(names);
      });

      it('whatever the order in which handlers finish, and whatever they decide: withheld ones are skipped', async () => {
        const tap = await tapWire(broker.connection);
        const { runs, decisions, controller } = jobs();
        await startServer({ ...tap.connection, subscribeOptions: { qos } }, { controllers: [controller] });
        const peer = await connectMqttJs(broker);
        const expected: string[] = [];
        let round = 0;

        const message = fc.record({ decision: fc.constantFrom(...DECISIONS), finishes: fc.nat() });
        await fc.assert(
          fc.asyncProperty(fc.array(message, { minLength: 2, maxLength: 8 }), async (messages) => {
            const named = messages.map((one, i) => ({ ...one, name: `round ${round}, ${i}` }));
            round++;
            for (const { name, decision } of named) {
              decisions.set(name, decision);
              await peer.publishAsync('order/jobs', name, { qos });
            }
            await runs.started.first((name) => name === named.at(-1)!.name);
            for (const { name } of named.toSorted((a, b) => a.finishes - b.finishes)) {
              runs.release(name);
              await runs.ended.first((ended) => ended === name);
            }
            const answered = named.filter(({ decision }) => decision !== 'nack').map(({ name }) => name);
            expected.push(...answered);
            for (const name of answered) await acknowledged(tap, name);
            expect(acknowledgedPayloads(tap)).toEqual(expected);
          }),
          { numRuns: 25, endOnFailure: true }, // what is withheld keeps its place in the broker's window
        );
      });
    });

    it('each QoS in a line of its own: what holds up one does not hold up the other', async () => {
      const tap = await tapWire(broker.connection);
      const { runs, controller } = jobs();
      await startServer({ ...tap.connection, subscribeOptions: { qos: 2 } }, { controllers: [controller] });
      const peer = await connectMqttJs(broker);
      await peer.publishAsync('order/jobs', 'QoS 1', { qos: 1 });
      await peer.publishAsync('order/jobs', 'QoS 2', { qos: 2 });
      await runs.started.atLeast(2);
      runs.release('QoS 2');
      await acknowledged(tap, 'QoS 2');
      expect(acknowledgedPayloads(tap)).toEqual(['QoS 2']);
      runs.release('QoS 1');
      await acknowledged(tap, 'QoS 1');
    });
  },
  { mosquitto: { config: ['max_inflight_messages 0'] } },
);
