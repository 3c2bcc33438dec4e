import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern } from '@nestjs/microservices';
import { ClientMqtt, MqttModule, ServerMqtt } from '../../../lib/index.js';
import { closeAfterTest } from '../../support/closing.js';
import { CompiledWorker } from '../../support/compiled-worker.js';
import { eventually } from '../../support/deadline.js';
import { freePort } from '../../support/free-port.js';
import { Journal } from '../../support/journal.js';
import { logs, transportLogs } from '../../support/logs.js';
import { createServer, moduleOf } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

const handled = new Journal<string>();

@Controller()
class Events {
  @EventPattern<string>('unreachable')
  handle(): void {
    handled.add('one');
  }
}

let program: CompiledWorker;
beforeAll(async () => {
  program = await CompiledWorker.compile(new URL('./workers/unreachable-worker.ts', import.meta.url));
});
afterAll(() => program.remove());

describe('a broker that is down when the application starts', () => {
  it('is said again and again, with growing pauses; SIGTERM ends the process in order', async () => {
    const connection = connectionTo(`mqtt://127.0.0.1:${await freePort()}`);
    const worker = await program.start<string>({ connection });
    await eventually(() => worker.printed.includes('after 8 attempts'), 'the eighth attempt is told');
    const told = worker.printed.match(
      /Cannot connect to \S+ \([^)]*ECONNREFUSED[^)]*\)( after \d+ attempts)?, retrying/g,
    );
    expect(told!.map((line) => line.replace(/.*\)/, ''))).toEqual([
      ', retrying',
      ' after 4 attempts, retrying',
      ' after 8 attempts, retrying',
    ]);
    const waits =
      'The start of the application waits for the broker: startAllMicroservices() has not resolved. ' +
      'See the reason above, or set waitForBroker: false to start without it.';
    await eventually(() => worker.printed.includes(waits), 'that the start waits is told');
    await worker.stop();
    expect(worker.end).toEqual({ code: null, signal: 'SIGTERM' });
    expect(worker.printed).not.toMatch(/ at .*\.m?js:\d+|Error:/); // a stack
    expect(worker.reports.entries).toEqual([]);
  });

  it('does not keep HTTP from coming up with waitForBroker: false; health tells when it is there', async () => {
    const { broker, url } = await startInProcessBroker();
    await broker.stop();
    const imports = [MqttModule.forRoot({ ...connectionTo(url), waitForBroker: false })];
    const app = await NestFactory.create(moduleOf({ imports, controllers: [Events] }));
    closeAfterTest(() => app.close());
    const server = app.get(ServerMqtt);
    app.connectMicroservice({ strategy: server });
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    expect((await fetch(await app.getUrl())).status).toBe(404);
    expect(server.health()).toMatchObject({ connected: false, subscriptions: { wanted: 0, granted: 0 } });
    await broker.start();
    await eventually(() => server.health()!.subscriptions.granted === 1, 'it is subscribed');
    handled.clear();
    await app.get(ClientMqtt).publish('unreachable', 1);
    expect(await handled.atLeast(1)).toEqual(['one']);
  });

  it('is said in the log where the broker refuses for good, and nobody waits', async () => {
    const { url } = await startInProcessBroker({ authenticate: () => 0x87 });
    const { app, server } = await createServer(
      { ...connectionTo(url), waitForBroker: false },
      { controllers: [Events] },
    );
    await app.listen();
    await logs.until(() => transportLogs('error').length > 0, 'the refusal');
    expect(transportLogs('error')).toEqual([
      expect.stringMatching(
        /^The server could not start: mqtt:\S+ refused the connection: not authorized \(0x87\)\. Check credentials/i,
      ),
    ]);
    expect(server.health()).toMatchObject({ connected: false });
  });

  it('is still an error where the patterns are wrong', async () => {
    @Controller()
    class Wrong {
      @EventPattern<string>('a/#/b', { qos: 1 })
      handle(): void {}
    }

    const { app } = await createServer({ waitForBroker: false }, { controllers: [Wrong] });
    await expect(app.listen()).rejects.toThrow('Invalid topic');
  });
});
