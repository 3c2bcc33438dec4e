import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { describeEachBroker, type BrokerUnderTest } from '../../support/broker-matrix.js';
import { within } from '../../support/deadline.js';
import { durable, type DurableConnection } from '../../support/durable-session.js';
import type { HeldRuns } from '../../support/held-runs.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { startServer } from '../../support/nest-application.js';
import { tapWire, type WireTap } from '../../support/wire-tap.js';
import type { ServerMqtt } from '../../../lib/index.js';
import { heldJobs } from './held-jobs.js';
import { connectionsOf, connectionWith } from './tapped-connections.js';

const JOBS = ['a', 'b', 'c'];

interface Situation {
  readonly tap: WireTap;
  readonly server: ServerMqtt;
  readonly session: DurableConnection;
  readonly runs: HeldRuns<string>;
  /** Publishes a message, and waits until the broker has it. */
  readonly publish: (name: string) => Promise<unknown>;
}

/** A server whose handlers run for the three messages. */
async function threeRuns(broker: BrokerUnderTest, qos: 1 | 2): Promise<Situation> {
  const tap = await tapWire(broker.connection);
  const session = durable(tap.connection);
  const { runs, controller } = heldJobs();
  const { server } = await startServer({ ...session, subscribeOptions: { qos } }, { controllers: [controller] });
  const peer = await connectMqttJs(broker);
  const publish = (name: string): Promise<unknown> => peer.publishAsync('job', name, { qos });
  for (const name of JOBS) await publish(name);
  await runs.started.atLeast(JOBS.length);
  return { tap, server, session, runs, publish };
}

/** What became of the three, told when they are acknowledged, and a message behind them is. */
async function outcome({ tap, runs, publish }: Situation): Promise<object> {
  await connectionWith(tap, 2, 'acknowledgements', ({ acknowledged }) => acknowledged.length >= JOBS.length);
  await publish('last');
  await runs.started.first((name) => name === 'last');
  const [first, second] = connectionsOf(tap);
  const names = new Map(
    second!.sent('broker', 'publish').map(({ messageId, payload }) => [messageId, String(payload)]),
  );
  return {
    started: runs.started.entries,
    acknowledgedFirst: first!.acknowledged,
    acknowledgedThen: second!.acknowledged.map((id) => names.get(id)).slice(0, JOBS.length),
  };
}

/** In order, and on the second connection only. */
const ONE_RUN_EACH = { started: [...JOBS, 'last'], acknowledgedFirst: [], acknowledgedThen: JOBS };

describeEachBroker('a connection that is cut in mid-handler', (broker) => {
  describe.each([1, 2] as const)('at QoS %i', (qos) => {
    it('costs no second run: messages are acknowledged on the connection on which they came again', async () => {
      const situation = await threeRuns(broker, qos);
      const { tap, runs } = situation;
      tap.cut();
      await connectionWith(tap, 2, 'all messages', ({ delivered }) => delivered.length === JOBS.length);
      for (const name of JOBS.toReversed()) runs.release(name);
      expect(await outcome(situation)).toEqual(ONE_RUN_EACH);
    });

    it('costs no second run of handlers that end while there is no connection', async () => {
      const situation = await threeRuns(broker, qos);
      const { tap, runs, server } = situation;
      const lost = once(server.unwrap(), 'close');
      tap.cut();
      await within(lost, 'the connection to be lost');
      for (const name of JOBS) runs.release(name);
      expect(await outcome(situation)).toEqual(ONE_RUN_EACH);
    });

    it('costs no second run when it is cut again and again', async () => {
      const { tap, runs, publish } = await threeRuns(broker, qos);
      for (const number of [2, 3, 4]) {
        tap.cut();
        await connectionWith(tap, number, 'all messages', ({ delivered }) => delivered.length === JOBS.length);
      }
      runs.releaseAll();
      await connectionWith(tap, 4, 'all acknowledgements', ({ acknowledged }) => acknowledged.length === JOBS.length);
      expect(connectionsOf(tap).map(({ acknowledged }) => acknowledged.length)).toEqual([0, 0, 0, JOBS.length]);
      await publish('last');
      await runs.ended.first((name) => name === 'last');
      expect(runs.started.entries).toEqual([...JOBS, 'last']);
    });
  });
});
