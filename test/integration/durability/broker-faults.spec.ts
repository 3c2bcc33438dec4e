import { describe, expect, it } from '@jest/globals';
import type { MqttBroker, MqttBrokerOptions } from '../../../lib/testing/index.js';
import type { MqttServerOptions, ServerMqtt } from '../../../lib/index.js';
import { inWords } from '../../support/acknowledgements.js';
import { durable, type DurableConnection } from '../../support/durable-session.js';
import type { HeldRuns } from '../../support/held-runs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { tapWire, type WireTap } from '../../support/wire-tap.js';
import { FENCE, heldJobs } from './held-jobs.js';
import { leftoversOf } from './leftovers.js';
import { connectionsOf, connectionWith } from './tapped-connections.js';

const CASES = [
  { version: 5, qos: 1 },
  { version: 5, qos: 2 },
  { version: 4, qos: 1 },
  { version: 4, qos: 2 },
] as const;

interface Situation {
  readonly broker: MqttBroker;
  readonly tap: WireTap;
  readonly server: ServerMqtt;
  readonly session: DurableConnection;
  readonly runs: HeldRuns<string>;
  readonly publish: (name: string) => void;
  /** Resolves when the server has dealt with everything that was sent to it before. */
  readonly fence: () => Promise<void>;
}

async function serve(
  { version, qos }: (typeof CASES)[number],
  options: MqttServerOptions = {},
  brokerOptions: MqttBrokerOptions = {},
): Promise<Situation> {
  const { broker, url } = await startInProcessBroker(brokerOptions);
  const tap = await tapWire(connectionTo(url, version));
  const session = durable(tap.connection);
  const properties = version === 5 ? { properties: { ...session.properties, ...options.properties } } : {};
  const { runs, controller } = heldJobs();
  const { server } = await startServer(
    { ...session, ...options, ...properties, subscribeOptions: { qos } },
    { controllers: [controller] },
  );
  const peer = await connectMqttJs({ url, protocolVersion: version });
  const answers = await subscribeMqttJs(peer, FENCE.answer);
  const publish = (name: string): void => void broker.publish({ topic: 'job', payload: name, qos });
  const fence = async (): Promise<void> => {
    const before = answers.size;
    broker.publish({ topic: FENCE.ask, payload: '' });
    await answers.atLeast(before + 1);
  };
  return { broker, tap, server, session, runs, publish, fence };
}

/** What went over the wire about QoS 1 and 2 messages, from the beginning of a connection on. */
function exchange(tap: WireTap, connection: number): string[] {
  const { entries } = connectionsOf(tap)[connection - 1]!;
  return entries
    .map(({ packet }) => packet)
    .filter(({ cmd, ...rest }) => (cmd === 'publish' ? 'qos' in rest && rest.qos > 0 : cmd.startsWith('pub')))
    .map((packet) => `${inWords({ ...packet, reasonCode: undefined } as typeof packet)} ${packet.messageId}`);
}

describe.each(CASES)('faults of the broker (version $version, QoS $qos)', (on) => {
  const { version, qos } = on;
  const answer = qos === 1 ? 'puback' : 'pubrec';
  const acknowledgement = (id: number): string[] =>
    qos === 1 ? [`PUBACK ${id}`] : [`PUBREC ${id}`, `PUBREL ${id}`, `PUBCOMP ${id}`];

  it('drops the connection in mid-handler: one run', async () => {
    const { broker, tap, session, runs, publish, fence } = await serve(on);
    publish('a');
    await runs.started.atLeast(1);
    broker.faults.drop(session.clientId!);
    await connectionWith(tap, 2, 'the message', ({ delivered }) => delivered.length === 1);
    runs.releaseAll();
    await connectionWith(tap, 2, 'its acknowledgement', ({ acknowledged }) => acknowledged.length === 1);
    await fence();
    expect(exchange(tap, 1)).toEqual(['PUBLISH job 1']);
    expect(exchange(tap, 2)).toEqual(['PUBLISH job 1', ...acknowledgement(1)]);
    expect(runs.started.entries).toEqual(['a']);
  });

  it('ends the session and uses its identifiers again: a late acknowledgement goes nowhere', async () => {
    const { broker, tap, server, session, runs, publish, fence } = await serve(on);
    publish('old 1');
    publish('old 2');
    publish('old 3');
    await runs.started.atLeast(3);
    const subscribed = broker.waitFor('subscribe', ({ clientId }) => clientId === session.clientId);
    broker.faults.endSession(session.clientId!);
    await subscribed;
    publish('new 1');
    publish('new 2');
    await runs.started.atLeast(5);
    runs.release('old 2');
    runs.release('old 1');
    await fence();
    expect(exchange(tap, 2)).toEqual(['PUBLISH job 1', 'PUBLISH job 2']);
    expect(broker.session(session.clientId!)).toMatchObject({ inFlight: 2 });

    runs.release('old 3');
    runs.release('new 1');
    runs.release('new 2');
    await connectionWith(tap, 2, 'acknowledgements', ({ acknowledged }) => acknowledged.length === 2);
    await fence();
    expect(leftoversOf(server, broker, session.clientId!)).toEqual({});
    expect(runs.started.entries).toEqual(['old 1', 'old 2', 'old 3', 'new 1', 'new 2']);
  });

  it('ends the session, and sends the same again under the same identifier: that is another message', async () => {
    const { broker, tap, session, runs, publish, fence } = await serve(on, { gracefulTimeout: 0 }); // the first run hangs
    publish('same');
    await runs.started.atLeast(1);
    const subscribed = broker.waitFor('subscribe', ({ clientId }) => clientId === session.clientId);
    broker.faults.endSession(session.clientId!);
    await subscribed;
    publish('same');
    await runs.started.atLeast(2);
    runs.releaseAll();
    await connectionWith(tap, 2, 'its acknowledgement', ({ acknowledged }) => acknowledged.length === 1);
    await fence();
    expect(exchange(tap, 2)).toEqual(['PUBLISH job 1', ...acknowledgement(1)]);
  });

  it('sends a message twice on one connection: one run, one acknowledgement', async () => {
    const { broker, tap, runs, publish, fence } = await serve(on);
    broker.faults.duplicate('out', { cmd: 'publish', topic: 'job', times: 1 });
    publish('a');
    await runs.started.atLeast(1);
    await fence();
    expect(exchange(tap, 1)).toEqual(['PUBLISH job 1', 'PUBLISH job 1']);
    runs.releaseAll();
    await connectionWith(tap, 1, 'its acknowledgement', ({ acknowledged }) => acknowledged.length === 1);
    await fence();
    expect(exchange(tap, 1)).toEqual(['PUBLISH job 1', 'PUBLISH job 1', ...acknowledgement(1)]);
    expect(runs.started.entries).toEqual(['a']);
  });

  it(`loses the ${answer}: QoS 1 runs again, QoS 2 is answered again and not run again [MQTT-4.3.3-10]`, async () => {
    const { broker, tap, session, runs, publish, fence } = await serve(on);
    runs.releaseAll();
    broker.faults.withhold('in', { cmd: answer, times: 1 });
    publish('a');
    await connectionWith(tap, 1, 'its acknowledgement', ({ acknowledged }) => acknowledged.length === 1);
    await fence();
    broker.faults.drop(session.clientId!);
    await connectionWith(tap, 2, 'its acknowledgement', ({ acknowledged }) => acknowledged.length === 1);
    await fence();
    expect(exchange(tap, 2)).toEqual(['PUBLISH job 1', ...acknowledgement(1)]);
    expect(runs.started.entries).toEqual(qos === 1 ? ['a', 'a'] : ['a']);
    publish('b'); // in order: the identifier is free, and the next one is no duplicate of anything
    await runs.ended.first((name) => name === 'b');
  });

  it('delivers again before MQTT.js says that it is connected, as something of ours is under way', async () => {
    const { broker, tap, session, server, runs, publish, fence } = await serve(on);
    const order: string[] = [];
    const client = server.unwrap();
    client.on('packetreceive', ({ cmd }) => order.push(cmd));
    client.on('connect', () => order.push('connect'));
    publish('a');
    await runs.started.atLeast(1);
    broker.faults.withhold('out', { cmd: 'puback', clientId: session.clientId!, times: 1 });
    const underWay = broker.waitFor('publish', ({ message }) => message.topic === 'ours');
    client.publish('ours', '', { qos: 1 });
    await underWay;
    order.length = 0;
    const gone = broker.waitFor('disconnect', ({ clientId }) => clientId === session.clientId);
    tap.cut();
    await gone;
    publish('b'); // while the server is away
    await connectionWith(tap, 2, 'both messages', ({ delivered }) => delivered.length === 2);
    await runs.started.atLeast(2);
    runs.releaseAll();
    await connectionWith(tap, 2, 'acknowledgements', ({ acknowledged }) => acknowledged.length === 2);
    await fence();
    expect(order.slice(0, 3)).toEqual(['connack', 'publish', 'publish']);
    expect(order).toContain('connect');
    expect(runs.started.entries).toEqual(['a', 'b']);
    expect(broker.session(session.clientId!)).toMatchObject({ inFlight: 0, queued: 0 });
  });

  if (version === 4) return;

  it('names topics by alias: packet.topic is empty, and nothing is mistaken for something else', async () => {
    const { broker, tap, session, runs, publish, fence } = await serve(
      on,
      { properties: { topicAliasMaximum: 10 } },
      { assignTopicAliases: true },
    );
    publish('a');
    publish('b');
    await runs.started.atLeast(2);
    expect(tap.sent('broker', 'publish').map(({ topic }) => topic)).toEqual(['job', '']);
    broker.faults.drop(session.clientId!);
    await connectionWith(tap, 2, 'both messages', ({ delivered }) => delivered.length === 2);
    runs.release('b');
    runs.release('a');
    const second = await connectionWith(tap, 2, 'both', ({ acknowledged }) => acknowledged.length === 2);
    expect(second.sent('broker', 'publish').map(({ topic }) => topic)).toEqual(['job', '']);
    expect(second.acknowledged).toEqual([1, 2]);
    await fence();
    expect(runs.started.entries).toEqual(['a', 'b']);
    expect(broker.session(session.clientId!)).toMatchObject({ inFlight: 0 });
  });
});
