import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { ServerMqtt } from '../../../lib/index.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { within } from '../../support/deadline.js';
import { durable } from '../../support/durable-session.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker, startMosquitto } from '../../support/test-broker.js';
import { tapWire } from '../../support/wire-tap.js';
import { FENCE, heldJobs } from './held-jobs.js';
import { connectionsOf, connectionWith } from './tapped-connections.js';

interface RestartableBroker {
  readonly url: string;
  restart(): Promise<void>;
}

async function inProcess(keepSessions: boolean): Promise<RestartableBroker> {
  const { broker, url } = await startInProcessBroker();
  return { url, restart: () => broker.restart({ keepSessions }) };
}

async function mosquitto(keepSessions: boolean): Promise<RestartableBroker> {
  const broker = await startMosquitto({ persistence: keepSessions });
  return { url: broker.url, restart: () => broker.restart() };
}

const BROKERS = [
  { name: 'in-process', programs: [], start: inProcess },
  { name: 'Mosquitto', programs: ['mosquitto'], start: mosquitto },
];

const CASES = [
  { version: 5, qos: 1 },
  { version: 5, qos: 2 },
  { version: 4, qos: 1 },
  { version: 4, qos: 2 },
] as const;

/** When the server has subscribed again, or need not. */
async function backInService(server: ServerMqtt, restart: () => Promise<void>): Promise<void> {
  const connected = once(server.unwrap(), 'connect');
  await restart();
  await within(connected, 'the server to be connected again');
}

for (const { name, programs, start } of BROKERS) {
  describeWhereInstalled(programs, `a broker that restarts in mid-handler (${name})`, () => {
    describe.each(CASES)('version $version, QoS $qos', ({ version, qos }) => {
      it('with its sessions: one run, acknowledged on the new connection', async () => {
        const broker = await start(true);
        const tap = await tapWire(connectionTo(broker.url, version));
        const { runs, controller } = heldJobs();
        const { server } = await startServer(
          { ...durable(tap.connection), subscribeOptions: { qos } },
          { controllers: [controller] },
        );
        const peer = await connectMqttJs({ url: broker.url, protocolVersion: version });
        await peer.publishAsync('job', 'a', { qos });
        await runs.started.atLeast(1);
        await backInService(server, broker.restart);
        const connection = connectionsOf(tap).length;
        await connectionWith(tap, connection, 'the message', ({ delivered }) => delivered.includes('a'));
        runs.releaseAll();
        await connectionWith(tap, connection, 'its acknowledgement', ({ acknowledged }) => acknowledged.length === 1);

        const next = await connectMqttJs({ url: broker.url, protocolVersion: version });
        await next.publishAsync('job', 'b', { qos });
        await runs.ended.first((job) => job === 'b');
        expect(runs.started.entries).toEqual(['a', 'b']);
      });

      it('without them: an acknowledgement is not written for the message that has its identifier now', async () => {
        const broker = await start(false);
        const tap = await tapWire(connectionTo(broker.url, version));
        const { runs, controller } = heldJobs();
        const { server } = await startServer(
          { ...durable(tap.connection), subscribeOptions: { qos } },
          { controllers: [controller] },
        );
        const before = await connectMqttJs({ url: broker.url, protocolVersion: version });
        await before.publishAsync('job', 'old', { qos });
        await runs.started.atLeast(1);
        await backInService(server, broker.restart);
        const number = connectionsOf(tap).length;
        const subscribed = (): boolean => connectionsOf(tap)[number - 1]!.sent('broker', 'suback').length > 0;
        await tap.packets.until(subscribed, 'the subscription in the new session');

        const peer = await connectMqttJs({ url: broker.url, protocolVersion: version });
        const fence = await subscribeMqttJs(peer, FENCE.answer);
        await peer.publishAsync('job', 'new', { qos });
        await runs.started.atLeast(2);
        runs.release('old');
        await peer.publishAsync(FENCE.ask, '');
        await fence.atLeast(1);
        const connection = connectionsOf(tap)[number - 1]!;
        const [first] = connectionsOf(tap);
        const identifiers = first!.sent('broker', 'publish').map(({ messageId }) => messageId);
        expect(connection.sent('broker', 'publish')).toMatchObject([{ messageId: identifiers[0] }, { qos: 0 }]);
        expect(connection.acknowledged).toEqual([]);

        runs.release('new');
        await connectionWith(tap, number, 'an acknowledgement', ({ acknowledged }) => acknowledged.length > 0);
        expect(runs.started.entries).toEqual(['old', 'new']);
      });
    });
  });
}
