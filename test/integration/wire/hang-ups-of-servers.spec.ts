/* oxlint-disable jest/expect-expect -- the functions that they share expect */
import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import {
  AckPolicy,
  MqttContext,
  MqttResponse,
  PublishTo,
  RequestTimeoutError,
  type ClientMqtt,
  type MqttServerOptions,
  type ServerMqtt,
} from '../../../lib/index.js';
import type { MqttBroker } from '../../../lib/testing/index.js';
import { acknowledged } from '../../support/acknowledgements.js';
import { eventually } from '../../support/deadline.js';
import { durable } from '../../support/durable-session.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker, startMosquitto, type TestConnection } from '../../support/test-broker.js';
import { tapWire } from '../../support/wire-tap.js';
import { statesOf } from '../lifecycle/scene.js';
import { hangUpOverMessages, WORDS } from './hang-ups.js';

/** Mosquitto takes 200 levels below the first. */
const DEEP_REPLY = `replies${'/l'.repeat(300)}`;
/** Its reply in Nest's envelope, one level below, is what Mosquitto does not take. */
const DEEP_REQUEST = `deep${'/l'.repeat(200)}`;

/** The most that a message is sent: twice, and once among others before it is known which of them it is. */
const MOST_SENT = 3;
/** After it a request is made again; a slow machine only makes more of them. */
const PATIENCE_MS = 300;

function handlers(seen = new Journal<string>()) {
  @Controller()
  class Handlers {
    @MessagePattern(['deep/#', 'echo'])
    echo(@Payload() data: string, @Ctx() context: MqttContext): string {
      seen.add(`${context.getTopic().slice(0, 4)} ${data}`);
      return data;
    }

    /** Answers at QoS 0, whatever the request came with. */
    @MessagePattern('echo/0')
    lightly(@Payload() data: string): MqttResponse {
      seen.add(`echo/0 ${data}`);
      return new MqttResponse(data, { qos: 0 });
    }

    @PublishTo('hung/up/0', { qos: 0 })
    @EventPattern<string>('publishes/0')
    publishes0(@Payload() data: string): string {
      seen.add(`publishes/0 ${data}`);
      return data;
    }

    @PublishTo('hung/up/1', { qos: 1 })
    @EventPattern<string>('publishes/1')
    publishes1(@Payload() data: string): string {
      seen.add(`publishes/1 ${data}`);
      return data;
    }

    @PublishTo('hung/up/withheld', { qos: 1 })
    @EventPattern<string>('withheld')
    withheld(@Payload() data: string): string {
      seen.add(`withheld ${data}`);
      return data;
    }

    @EventPattern<string>('fails', { deadLetter: 'hung/up/letter' })
    fails(@Payload() data: string): never {
      seen.add(`fails ${data}`);
      throw new Error('no');
    }
  }

  return Handlers;
}

/** Asks until it is answered: what is asked while a server is away is lost, unless its session is kept. */
async function answers(connection: TestConnection, texts: readonly string[], check = () => {}): Promise<void> {
  const client = createClient({ ...connection, envelope: 'nest' });
  for (const text of texts) expect(await answer(client, text, check)).toBe(text);
}

async function answer(client: ClientMqtt, text: string, check: () => void): Promise<unknown> {
  for (;;) {
    check();
    try {
      return (await client.request('echo', text, { timeout: PATIENCE_MS })).data;
    } catch (error) {
      if (!(error instanceof RequestTimeoutError)) throw error;
    }
  }
}

function expectAlive(server: ServerMqtt, states: Journal<string>): void {
  expect(states.entries).not.toContain('closed');
  expect(server.health()).toMatchObject({ connected: true });
  expect(transportLogs('warn').join()).not.toMatch(/another client/);
}

describeWhereInstalled(['mosquitto'], 'row 7: a Mosquitto that hangs up over a reply', () => {
  const SESSIONS = [
    [5, 'clean'],
    [5, 'durable'],
    [4, 'clean'],
    [4, 'durable'],
  ] as const;

  describe.each(SESSIONS)('protocol version %i, %s session', (version, session) => {
    it.each([
      ['at QoS 1', 'echo', 1],
      ['at QoS 2', 'echo', 2],
      ['at QoS 0, answered at QoS 0', 'echo', 0],
      ['at QoS 1, answered at QoS 0', 'echo/0', 1],
    ] as const)(
      'one request %s whose Response Topic has 301 levels (3.1.1: 202, in Nest’s envelope): the server goes on',
      async (_title, handler, qos) => {
        const mosquitto = await startMosquitto();
        const connection = connectionTo(mosquitto.url, version);
        const tap = await tapWire(connection);
        const options = session === 'durable' ? durable(tap.connection) : tap.connection;
        const seen = new Journal<string>();
        const subscribeOptions = { qos: 2 } as const;
        const { server } = await startServer({ ...options, subscribeOptions }, { controllers: [handlers(seen)] });
        const states = statesOf(server);
        const anybody = await connectMqttJs(connection);
        const [topic, replyTopic] = version === 5 ? [handler, DEEP_REPLY] : [DEEP_REQUEST, `${DEEP_REQUEST}/reply`];
        const payload =
          version === 5 ? '"hostile"' : JSON.stringify({ pattern: DEEP_REQUEST, data: 'hostile', id: 'x' });
        const properties = { responseTopic: DEEP_REPLY, correlationData: Buffer.from('x') };
        await anybody.publishAsync(topic, payload, { qos, ...(version === 5 && { properties }) });
        await states.first((state) => state === 'disconnected');
        await answers(connection, ['1', '2', '3']);
        if (session === 'durable' && qos > 0) await acknowledged(tap, payload);
        tap.cut(); // what is not acknowledged would come again
        await answers(connection, ['4', '5', '6']);
        const replies = tap.sent('client', 'publish').filter((packet) => packet.topic === replyTopic);
        expect(replies.length).toBeLessThanOrEqual(MOST_SENT);
        expectAlive(server, states);
      },
    );
  });
});

describe.each(WORDS)(
  'row 6: a broker that ends the connection over what a server publishes, protocol version %i, %s',
  (version, _words, reasonCode) => {
    interface Scene {
      readonly broker: MqttBroker;
      readonly server: ServerMqtt;
      readonly hangUps: Journal<string>;
      readonly states: Journal<string>;
      readonly seen: Journal<string>;
      readonly connection: ReturnType<typeof connectionTo>;
    }

    async function start(session: 'clean' | 'durable', options: Partial<MqttServerOptions> = {}): Promise<Scene> {
      const { broker, url } = await startInProcessBroker();
      const connection = connectionTo(url, version);
      const seen = new Journal<string>();
      const all = {
        ...(session === 'durable' ? durable(connection) : connection),
        subscribeOptions: { qos: 1 },
      } as const;
      const { server } = await startServer({ ...all, ...options }, { controllers: [handlers(seen)] });
      const states = statesOf(server);
      const hangUps = hangUpOverMessages(broker, ({ topic }) => topic.startsWith('hung/up'), reasonCode);
      return { broker, server, hangUps, states, seen, connection };
    }

    /** Others are served, and it is over: nothing comes of another connection either. */
    async function goesOn({ broker, server, hangUps, states, connection }: Scene): Promise<void> {
      const check = (): void => expect(hangUps.size).toBeLessThanOrEqual(MOST_SENT);
      await hangUps.atLeast(1);
      await answers(connection, ['1', '2', '3'], check);
      await eventually(() => server.health()!.unsettled === 0, 'nothing is unsettled');
      const { clientId } = server.health()!;
      await eventually(() => broker.session(clientId)?.connected === true, 'it is connected');
      broker.faults.drop(clientId);
      await answers(connection, ['4', '5', '6'], check);
      check();
      expectAlive(server, states);
    }

    const SESSIONS = ['clean', 'durable'] as const;

    it.each(SESSIONS)('a result of @PublishTo at QoS 1 (%s session): given up, the server goes on', async (session) => {
      const scene = await start(session);
      scene.broker.publish({ topic: 'publishes/1', payload: '"a"', qos: 1 });
      await goesOn(scene);
      expect(transportLogs('error').join()).toContain('was not published to "hung/up/1"');
    });

    it.each(SESSIONS)('a result of @PublishTo at QoS 0 (%s session): the server goes on', async (session) => {
      const scene = await start(session);
      scene.broker.publish({ topic: 'publishes/0', payload: '"a"', qos: 1 });
      await goesOn(scene);
    });

    it('a result of @PublishTo whose message is withheld when it fails (NACK_ON_ERROR): the server goes on', async () => {
      const scene = await start('durable', {
        subscribeOptions: { qos: 1, ackPolicy: AckPolicy.NACK_ON_ERROR },
      });
      scene.broker.publish({ topic: 'withheld', payload: '"a"', qos: 1 });
      await goesOn(scene);
    });

    it.each(SESSIONS)('a dead letter (%s session): the server goes on', async (session) => {
      const scene = await start(session);
      scene.broker.publish({ topic: 'fails', payload: '"a"', qos: 1 });
      await goesOn(scene);
      expect(transportLogs('error').join()).toContain('its dead letter to "hung/up/letter" failed');
    });
  },
);
