import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { ClientMqtt, ConnectionClosedError, MqttModule, type MqttModuleOptions } from '../../../lib/index.js';
import { closeAfterTest } from '../../support/closing.js';
import { CompiledWorker } from '../../support/compiled-worker.js';
import { moduleOf } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

const CLOSED =
  'The application is closed, and so is its MQTT client. Publish and request before: in onModuleDestroy() or ' +
  'beforeApplicationShutdown(), at the latest; or call connect() to open the client again.';

let program: CompiledWorker;
beforeAll(async () => {
  program = await CompiledWorker.compile(new URL('./workers/closed-worker.ts', import.meta.url));
});
afterAll(() => program.remove());

async function application(options: MqttModuleOptions) {
  const app = await NestFactory.createApplicationContext(moduleOf({ imports: [MqttModule.forRoot(options)] }));
  closeAfterTest(() => app.close());
  return { app, client: app.get(ClientMqtt) };
}

describe.each([4, 5] as const)('a client after app.close() (version %i)', (version) => {
  it('fails every call and says why, and the process ends', async () => {
    const { broker, url } = await startInProcessBroker();
    const farewell = broker.waitFor('publish', ({ message }) => message.topic === 'closed/farewell');
    const worker = await program.start<{ name: string }>({ connection: connectionTo(url, version) });
    await farewell;
    await worker.ended();
    expect(worker.end).toEqual({ code: 0, signal: null });
    expect(worker.reports.entries).toEqual(
      ['publish', 'request', 'send', 'emit', 'messages'].map((name) => ({
        name,
        error: 'ConnectionClosedError',
        message: CLOSED,
      })),
    );
    expect(worker.printed.match(/ERROR.*/g)).toEqual([
      expect.stringContaining(`The event on "closed/event" was not published: ${CLOSED}`),
    ]);
  });

  it('publishes while it closes, and is opened again by connect() alone', async () => {
    const { broker, url } = await startInProcessBroker();
    const { app, client } = await application({ ...connectionTo(url, version), gracefulTimeout: 200 });
    broker.faults.withhold('out', { cmd: 'puback', times: 1 });
    const arrived = broker.waitFor('publish');
    const unacknowledged = client.publish('closed/first', 1, { qos: 1 }).catch((error: unknown) => error);
    await arrived;
    const closed = app.close();
    await setImmediate(); // after the hooks before
    await client.publish('closed/second', 2, { qos: 1 });
    await closed;
    expect(await unacknowledged).toBeInstanceOf(ConnectionClosedError);
    await expect(client.publish('closed/third', 3)).rejects.toThrow(CLOSED);
    expect(client.health()).toBeUndefined();

    await client.connect();
    await client.publish('closed/fourth', 4, { qos: 1 });
    await client.close();
    await client.publish('closed/fifth', 5, { qos: 1 }); // as in Nest
    await client.close();
  });

  it('is closed too where it was never used', async () => {
    const { url } = await startInProcessBroker();
    const { app, client } = await application(connectionTo(url, version));
    await app.close();
    await expect(client.publish('closed/never', 1)).rejects.toThrow(CLOSED);
  });
});
