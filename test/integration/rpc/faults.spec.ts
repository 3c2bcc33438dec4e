import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { ConnectionClosedError, RequestTimeoutError, type ClientMqtt } from '../../../lib/index.js';
import type { MqttBroker } from '../../../lib/testing/index.js';
import { ClientInspection, NOTHING_HELD } from '../../support/client-inspection.js';
import { eventually } from '../../support/deadline.js';
import { durable } from '../../support/durable-session.js';
import { HeldRuns } from '../../support/held-runs.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { documentedRows, FAULT_ROWS, FAULTS, type Fault, type FaultRow, type Outcome } from './fault-table.js';

interface Scene {
  readonly broker: MqttBroker;
  readonly inspection: ClientInspection;
  readonly runs: HeldRuns<string>;
}

const CALLER = 'caller';
const SERVER = 'server';
/** Runs of the handler, in words. */
const TIMES = ['not', 'once', 'twice'] as const;

/** Both sides are connected again, and the server has what it subscribes to. */
async function bothAreBack({ broker }: Scene): Promise<void> {
  const isBack = (clientId: string): boolean => {
    const session = broker.session(clientId);
    return session?.connected === true && session.subscriptions.length > 0;
  };
  await eventually(() => isBack(CALLER) && isBack(SERVER), 'both sides to be connected and subscribed again');
}

async function cut({ broker }: Scene, clientId: string): Promise<void> {
  const gone = broker.waitFor('disconnect', (event) => event.clientId === clientId);
  broker.faults.drop(clientId);
  await gone;
}

/** Makes the fault happen around one call. */
const MAKE: Record<Fault, (scene: Scene, call: () => Promise<Outcome>) => Promise<Outcome>> = {
  'before-write': async ({ broker, inspection, runs }, call) => {
    const heal = broker.faults.refuseConnections(0x88, { clientId: CALLER });
    broker.faults.drop(CALLER);
    await eventually(() => !inspection.connected, 'the caller to notice');
    const outcome = call();
    runs.releaseAll();
    heal();
    return outcome;
  },
  'after-write': async ({ broker, runs }, call) => {
    const written = broker.waitFor('packet', ({ direction, packet }) => direction === 'in' && isRequest(packet));
    broker.faults.withhold('in', { cmd: 'publish', topic: 'work', times: 1 });
    runs.releaseAll();
    const outcome = call();
    await written;
    broker.faults.drop(CALLER);
    return outcome;
  },
  'before-puback': async ({ broker, runs }, call) => {
    broker.faults.drop(CALLER, { after: { direction: 'in', match: { cmd: 'publish', topic: 'work' } } });
    const gone = broker.waitFor('disconnect', ({ clientId }) => clientId === CALLER);
    // the reply to the first run is sent while the caller is away
    const heal = broker.faults.refuseConnections(0x88, { clientId: CALLER });
    const outcome = call();
    await gone;
    await runs.started.atLeast(1);
    const replied = broker.waitFor('publish', ({ message }) => message.topic.startsWith('reply/'));
    runs.releaseAll();
    await replied;
    heal();
    return outcome;
  },
  'caller-while-running': (scene, call) => whileRunning(scene, call, () => cut(scene, CALLER)),
  'server-while-running': (scene, call) => whileRunning(scene, call, () => cut(scene, SERVER)),
  'before-reply-puback': async ({ broker, runs }, call) => {
    broker.faults.drop(SERVER, { after: { direction: 'in', match: { cmd: 'publish', topic: 'reply/#' } } });
    const gone = broker.waitFor('disconnect', ({ clientId }) => clientId === SERVER);
    runs.releaseAll();
    const outcome = await call();
    await gone;
    return outcome;
  },
  'restart-kept': (scene, call) => whileRunning(scene, call, () => scene.broker.restart({ keepSessions: true })),
  'restart-forgotten': (scene, call) => whileRunning(scene, call, () => scene.broker.restart({ keepSessions: false })),
};

async function whileRunning(scene: Scene, call: () => Promise<Outcome>, fault: () => unknown): Promise<Outcome> {
  const outcome = call();
  await scene.runs.started.atLeast(1);
  await fault();
  await bothAreBack(scene);
  scene.runs.releaseAll();
  return outcome;
}

function isRequest(packet: { cmd: string; topic?: unknown }): boolean {
  return packet.cmd === 'publish' && packet.topic === 'work';
}

async function callOnce(client: ClientMqtt, { qos, outcome }: FaultRow): Promise<Outcome> {
  const timeout = outcome === 'RequestTimeoutError' ? 1_500 : 10_000;
  try {
    expect((await client.request('work', 0, { qos, timeout })).data).toBe('done');
    return 'answered';
  } catch (error) {
    if (error instanceof RequestTimeoutError) return 'RequestTimeoutError';
    if (error instanceof ConnectionClosedError && error.maybeExecuted)
      return 'ConnectionClosedError, maybeExecuted: true';
    throw error;
  }
}

describe('what the caller sees when something goes wrong during a call', () => {
  it.each(FAULT_ROWS.map((row) => ({ ...row, what: FAULTS[row.fault] })))(
    '$what, session $session, QoS $qos: $outcome; the handler runs: $runs',
    async (row) => {
      const { broker, url } = await startInProcessBroker();
      const runs = new HeldRuns<string>();

      @Controller()
      class Working {
        @MessagePattern('work', { qos: 1 })
        async work(): Promise<string> {
          await runs.hold(`run ${runs.started.size}`);
          return 'done';
        }

        @MessagePattern('marker', { qos: 1 })
        marker(): string {
          return 'marker';
        }
      }

      const optionsOf = (clientId: string) =>
        row.session === 'kept' ? durable(connectionTo(url), clientId) : { ...connectionTo(url), clientId };
      await startServer(optionsOf(SERVER), { controllers: [Working] });
      const client = createClient(optionsOf(CALLER));
      await client.request('marker', 0);
      const inspection = new ClientInspection(client);
      const scene = { broker, inspection, runs };
      expect(await MAKE[row.fault](scene, () => callOnce(client, row))).toBe(row.outcome);
      await bothAreBack(scene);
      const runsExpected = TIMES.indexOf(row.runs);
      if (runsExpected > 0) await runs.ended.atLeast(runsExpected);
      await client.request('marker', 0, { qos: 1 }); // what would have come again has come
      expect(TIMES[runs.started.size]).toBe(row.runs);
      await eventually(() => inspection.holdings().outgoing === 0, 'everything was sent');
      expect(inspection.holdings()).toEqual(NOTHING_HELD);
    },
  );

  it('docs/guide/calling.md shows this very table', async () => {
    const page = await readFile(new URL('../../../docs/guide/calling.md', import.meta.url), 'utf8');
    const [, table = ''] = page.split('## Faults of the network and of the broker');
    const lines = table.split('\n').filter((line) => line.startsWith('|'));
    const cells = lines.slice(2).map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
    expect(cells).toEqual(documentedRows());
  });
});
