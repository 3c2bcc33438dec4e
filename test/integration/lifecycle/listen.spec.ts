import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { ConnectionRefusedError, SubscriptionRefusedError, type MqttServerOptions } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { within } from '../../support/deadline.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { createServer, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker, startMosquitto } from '../../support/test-broker.js';

function listener(seen = new Journal<unknown>()): new () => object {
  @Controller()
  class Listener {
    @EventPattern('listen/a', { qos: 1 })
    a(@Payload() data: unknown): void {
      seen.add(data);
    }

    @EventPattern('listen/b')
    b(@Payload() data: unknown): void {
      seen.add(data);
    }
  }

  return Listener;
}

function durable(protocolVersion: 4 | 5, clientId: string): Partial<MqttServerOptions> {
  const session = { clientId, clean: false };
  return protocolVersion === 5 ? { ...session, properties: { sessionExpiryInterval: 300 } } : session;
}

describeEachBroker('listen()', (broker) => {
  it('has resolved only when every subscription stands: what is published then arrives', async () => {
    const device = await connectMqttJs(broker);
    for (let round = 0; round < 10; round++) {
      const seen = new Journal<unknown>();
      const { app } = await startServer(broker.connection, { controllers: [listener(seen)] });
      await device.publishAsync('listen/b', `${round}`);
      expect(await seen.atLeast(1)).toEqual([round]);
      await app.close();
    }
  });

  it('a resumed session delivers what came meanwhile', async () => {
    const options = { ...broker.connection, ...durable(broker.protocolVersion, 'listen-resumed') };
    const { app } = await startServer(options, { controllers: [listener()] });
    await app.close();
    const device = await connectMqttJs(broker);
    await device.publishAsync('listen/a', '1', { qos: 1 });
    const seen = new Journal<unknown>();
    await startServer(options, { controllers: [listener(seen)] });
    expect(await seen.atLeast(1)).toEqual([1]);
  });
});

describe.each([5, 4] as const)('listen() and what goes wrong (version %i)', (protocolVersion) => {
  it('rejects on a refused subscription: names it, says why, and leaves no connection', async () => {
    const { broker, url } = await startInProcessBroker();
    broker.faults.refuseSubscriptions('listen/b', 0x87);
    const { app } = await createServer(connectionTo(url, protocolVersion), { controllers: [listener()] });
    const error: unknown = await app.listen().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SubscriptionRefusedError);
    const reasonCode = protocolVersion === 5 ? 0x87 : 0x80;
    expect((error as SubscriptionRefusedError).refused).toMatchObject([{ filter: 'listen/b', reasonCode }]);
    expect(broker.clients).toEqual([]);
  });

  it('rejects at once when the broker refuses the connection for good', async () => {
    const { broker, url } = await startInProcessBroker({ authenticate: () => false });
    const connects = new Journal<unknown>();
    broker.on('packet', ({ packet }) => {
      if (packet.cmd === 'connect') connects.add(packet);
    });
    const { app } = await createServer(connectionTo(url, protocolVersion), { controllers: [listener()] });
    const error: unknown = await app.listen().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConnectionRefusedError);
    expect(error).toMatchObject({ reasonCode: 0x86, message: expect.stringContaining('Check username and password') });
    expect(connects.size).toBe(1);
  });

  it('tries again when the refusal may pass', async () => {
    const { broker, url } = await startInProcessBroker();
    broker.faults.refuseConnections(0x88, { times: 3 }); // server unavailable
    const seen = new Journal<unknown>();
    await startServer(connectionTo(url, protocolVersion), { controllers: [listener(seen)] });
    broker.publish({ topic: 'listen/a', payload: '1' });
    expect(await seen.atLeast(1)).toEqual([1]);
  });

  it('tries again until the broker is there', async () => {
    const { broker, url } = await startInProcessBroker();
    await broker.stop();
    const seen = new Journal<unknown>();
    const { app, server } = await createServer(connectionTo(url, protocolVersion), { controllers: [listener(seen)] });
    const states = new Journal<string>();
    server.status.subscribe(states.add);
    const listening = app.listen();
    await states.first((state) => state === 'reconnecting');
    await broker.start();
    await within(listening, 'listen()');
    broker.publish({ topic: 'listen/a', payload: '1' });
    expect(await seen.atLeast(1)).toEqual([1]);
  });

  it('rejects when maxConnectionAttempts are used up', async () => {
    const { broker, url } = await startInProcessBroker();
    await broker.stop();
    const options = { ...connectionTo(url, protocolVersion), maxConnectionAttempts: 2 };
    const { app } = await createServer(options, { controllers: [listener()] });
    const error: unknown = await app.listen().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConnectionRefusedError);
    expect(error).toMatchObject({ reasonCode: undefined, message: expect.stringContaining('2 attempts') });
  });

  it('handlers are in place before connecting: a resumed session is served before its SUBACK', async () => {
    const { broker, url } = await startInProcessBroker();
    const options = { ...connectionTo(url, protocolVersion), ...durable(protocolVersion, 'early') };
    const { app } = await startServer(options, { controllers: [listener()] });
    await app.close();
    broker.publish({ topic: 'listen/a', payload: '1', qos: 1 });
    const answerAgain = broker.faults.withhold('out', 'suback');
    const seen = new Journal<unknown>();
    const later = await createServer(options, { controllers: [listener(seen)] });
    const outcome = new Journal<unknown>();
    later.app.listen().then(() => outcome.add('listening'), outcome.add);
    expect(await seen.atLeast(1)).toEqual([1]);
    expect(outcome.entries).toEqual([]);
    answerAgain();
    broker.faults.drop('early'); // a connection that is lost meanwhile is waited for
    expect(await outcome.atLeast(1)).toEqual(['listening']);
  });

  it('credentials are asked for before every attempt', async () => {
    let valid = 2;
    const { url } = await startInProcessBroker({
      authenticate: ({ password }) => String(password) === 'pass-2' || 0x88,
    });
    const credentials = (): object => ({ username: 'ada', password: `pass-${valid++ % 3}` });
    const seen = new Journal<unknown>();
    valid = 1;
    await startServer({ ...connectionTo(url, protocolVersion), credentials }, { controllers: [listener(seen)] });
    expect(valid).toBe(3);
  });
});

describeWhereInstalled(['mosquitto'], 'listen() on a Mosquitto', () => {
  it.each([5, 4] as const)(
    'that wants credentials rejects at once without them (version %i)',
    async (protocolVersion) => {
      const mosquitto = await startMosquitto({ allowAnonymous: false });
      const options = connectionTo(mosquitto.url, protocolVersion);
      const { app } = await createServer(options, { controllers: [listener()] });
      const error: unknown = await app.listen().catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(ConnectionRefusedError);
      expect((error as ConnectionRefusedError).reasonCode).toBe(0x87);
    },
  );

  it.each([5, 4] as const)('that is killed and comes back serves again (version %i)', async (protocolVersion) => {
    const mosquitto = await startMosquitto();
    const seen = new Journal<unknown>();
    const options = connectionTo(mosquitto.url, protocolVersion);
    const { server } = await startServer(options, { controllers: [listener(seen)] });
    const states = new Journal<string>();
    server.status.subscribe(states.add);
    await mosquitto.restart({ signal: 'SIGKILL' });
    await states.until((all) => all.length > 1 && all.at(-1) === 'connected', 'a new connection');
    const device = await connectMqttJs(options);
    // its session is lost, so that the subscriptions are made again some time after 'connected'
    const publishing = setInterval(() => device.publish('listen/a', '1'), 20);
    try {
      await seen.atLeast(1);
    } finally {
      clearInterval(publishing);
    }
    expect(seen.entries[0]).toBe(1);
  });
});
