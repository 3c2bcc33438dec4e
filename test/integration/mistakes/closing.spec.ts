import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { patternsOf } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { durable } from '../../support/durable-session.js';
import { HeldRuns } from '../../support/held-runs.js';
import { logs, transportLogs } from '../../support/logs.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { startServer } from '../../support/nest-application.js';

const { EventPattern } = patternsOf();
let runs = new HeldRuns<number>();

@Controller()
class Jobs {
  @EventPattern('closing/{id}/held', { qos: 1 })
  async held(@Payload() n: number): Promise<void> {
    await runs.hold(n);
  }

  @EventPattern('closing/{id}/retried', { qos: 1, retry: { attempts: 2, delay: 600_000 } })
  retried(): never {
    throw new Error('not now');
  }
}

describeEachBroker('a server that closes', (broker) => {
  it('names what is still in progress, and what ends it', async () => {
    runs = new HeldRuns();
    const { app } = await startServer({ ...broker.connection, gracefulTimeout: 50 }, { controllers: [Jobs] });
    const peer = await connectMqttJs(broker);
    for (const n of [1, 2, 3, 4]) await peer.publishAsync(`closing/${n}/held`, String(n), { qos: 1 });
    await runs.started.atLeast(4);
    await app.close();
    runs.releaseAll();
    const one = String.raw`"closing/\{id\}/held" \(Jobs\.held\(\)\) on "closing/\d/held"`;
    expect(transportLogs('warn')).toEqual([
      expect.stringMatching(
        new RegExp(
          `4 messages still in progress \\(${one}, ${one}, ${one}, \\.\\.\\.\\)\\. The option handlerTimeout ends such runs\\.$`,
        ),
      ),
    ]);
  });

  it.each([
    ['is lost', false, 0, 'is lost: QoS 0 has no acknowledgement.'],
    [
      'is lost',
      false,
      1,
      'is lost: its session ends with the connection, so the broker does not deliver it again. Set clientId',
    ],
    ['is lost', true, 0, 'is lost: QoS 0 has no acknowledgement.'],
    ['stays', true, 1, 'stays with the broker, which sends it again when the session is resumed.'],
  ] as const)(
    'tells once that a message %s that waits for its retry (session survives: %s, QoS %i)',
    async (_, survives, qos, fate) => {
      const connection = survives ? durable(broker.connection) : broker.connection;
      const { app } = await startServer(connection, { controllers: [Jobs] });
      const peer = await connectMqttJs(broker);
      for (const id of ['a', 'a']) await peer.publishAsync('closing/a/retried', id, { qos });
      await logs.until(
        () => transportLogs('debug').filter((line) => line.includes('It runs again in')).length === 2,
        'retries',
      );
      await app.close();
      const told = transportLogs('warn').filter((line) => line.includes('waits for its retry'));
      expect(told).toEqual([
        expect.stringContaining(
          `The server closes while a message on "closing/a/retried" waits for its retry by handler "closing/{id}/retried" (Jobs.retried()): it ${fate}`,
        ),
      ]);
    },
  );
});
