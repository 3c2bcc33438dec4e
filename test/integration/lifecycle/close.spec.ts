import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { ConnectionClosedError } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { within } from '../../support/deadline.js';
import { durable } from '../../support/durable-session.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

/** Handlers that go on when the test says so. */
function held(): {
  begun: Journal<unknown>;
  ended: Journal<unknown>;
  release: () => void;
  controller: new () => object;
} {
  const begun = new Journal<unknown>();
  const ended = new Journal<unknown>();
  const waiting: (() => void)[] = [];

  async function hold(data: unknown): Promise<unknown> {
    begun.add(data);
    await new Promise<void>((resolve) => waiting.push(resolve));
    ended.add(data);
    return data;
  }

  @Controller()
  class Held {
    @EventPattern('held/event')
    event(@Payload() data: unknown): Promise<unknown> {
      return hold(data);
    }

    @MessagePattern('held/request')
    request(@Payload() data: unknown): Promise<unknown> {
      return hold(data);
    }
  }

  const release = (): void => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  return { begun, ended, release, controller: Held };
}

describeEachBroker('closing a server', (broker) => {
  const subscribeOptions = { qos: 1 } as const;

  it('waits for running handlers and acknowledges them; what had not started stays with the broker', async () => {
    const options = { ...durable(broker.connection), subscribeOptions, maxConcurrency: 1 };
    const { begun, ended, release, controller } = held();
    const { app } = await startServer({ ...options, gracefulTimeout: 10_000 }, { controllers: [controller] });
    const client = createClient(broker.connection);
    for (const n of [1, 2]) await client.publish('held/event', n, { qos: 1 });
    await begun.atLeast(1);
    const closed = app.close();
    release();
    await within(closed, 'the server to close');
    expect(ended.entries).toEqual([1]);

    const later = held();
    await startServer(options, { controllers: [later.controller] });
    expect(await later.begun.atLeast(1)).toEqual([2]);
    later.release();
    await later.ended.atLeast(1);
  });

  it('does not wait longer than gracefulTimeout; what hung comes again', async () => {
    const options = { ...durable(broker.connection), subscribeOptions };
    const { begun, controller } = held();
    const { app } = await startServer({ ...options, gracefulTimeout: 20 }, { controllers: [controller] });
    await createClient(broker.connection).publish('held/event', 1, { qos: 1 });
    await begun.atLeast(1);
    await within(app.close(), 'the server to close');

    const later = held();
    await startServer(options, { controllers: [later.controller] });
    expect(await later.begun.atLeast(1)).toEqual([1]);
    later.release();
  });

  it('publishes no will', async () => {
    const peer = await connectMqttJs(broker);
    const messages = await subscribeMqttJs(peer, 'closing/#');
    const will = { topic: 'closing/will', payload: Buffer.from('gone'), qos: 0, retain: false } as const;
    const { app } = await startServer({ ...broker.connection, will }, { controllers: [held().controller] });
    await app.close();
    await peer.publishAsync('closing/marker', '');
    expect((await messages.atLeast(1)).map(({ topic }) => topic)).toEqual(['closing/marker']);
  });
});

describeEachBroker(
  'closing, and requests',
  (broker) => {
    it('a server that closes still answers what it is working on', async () => {
      const { begun, release, controller } = held();
      const options = { ...broker.connection, gracefulTimeout: 10_000 };
      const { app } = await startServer(options, { controllers: [controller] });
      const answer = createClient(broker.connection).request('held/request', 'in time');
      await begun.atLeast(1);
      const closed = app.close();
      release();
      expect((await answer).data).toBe('in time');
      await closed;
    });

    it('a client that closes ends the requests that wait, and says that they may have been executed', async () => {
      const { begun, controller } = held();
      await startServer({ ...broker.connection, gracefulTimeout: 0 }, { controllers: [controller] });
      const client = createClient(broker.connection);
      const answer = client.request('held/request', 1).catch((error: unknown) => error);
      await begun.atLeast(1);
      await client.close();
      const error = await answer;
      expect(error).toBeInstanceOf(ConnectionClosedError);
      expect(error).toMatchObject({ maybeExecuted: true });
    });

    it('a client that was closed connects again when it is used again', async () => {
      const { begun, release, controller } = held();
      await startServer(broker.connection, { controllers: [controller] });
      const client = createClient(broker.connection);
      await client.connect();
      await client.close();
      await client.close();
      const answer = client.request('held/request', 'again');
      await begun.atLeast(1);
      release();
      expect((await answer).data).toBe('again');
    });
  },
  { versions: [5] },
);

describe('closing, as the broker sees it', () => {
  it.each([4, 5] as const)('a DISCONNECT, in order (version %i)', async (protocolVersion) => {
    const { broker, url } = await startInProcessBroker();
    const { app } = await startServer(connectionTo(url, protocolVersion), { controllers: [held().controller] });
    const disconnected = broker.waitFor('disconnect');
    await app.close();
    expect(await disconnected).toMatchObject({ by: 'client', reasonCode: 0 });
    expect(broker.sessions).toEqual([]);
  });

  it('with something under way that is never acknowledged: in order all the same, and the message is given up', async () => {
    const { broker, url } = await startInProcessBroker();
    broker.faults.withhold('out', 'puback');
    const will = { topic: 'will', payload: Buffer.from('gone'), qos: 0, retain: false } as const;
    const client = createClient({ ...connectionTo(url), will, gracefulTimeout: 50 });
    const arrived = broker.waitFor('publish');
    const published = client.publish('a', 1, { qos: 1 }).catch((error: unknown) => error);
    await arrived;
    const disconnected = broker.waitFor('disconnect');
    await client.close();
    expect(await published).toBeInstanceOf(ConnectionClosedError);
    expect(await disconnected).toMatchObject({ by: 'client', reasonCode: 0 });
  });

  it('a client that never got a connection closes too', async () => {
    const { broker, url } = await startInProcessBroker();
    await broker.stop();
    const client = createClient(connectionTo(url));
    const connecting = client.connect().catch((error: unknown) => error);
    await client.close();
    expect(await connecting).toBeInstanceOf(ConnectionClosedError);
  });
});
