import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern } from '@nestjs/microservices';
import { HealthCheck, HealthCheckService, TerminusModule, type HealthCheckResult } from '@nestjs/terminus';
import { MqttHealthIndicator } from '../../../lib/health/index.js';
import { ClientMqtt, MqttModule, ServerMqtt } from '../../../lib/index.js';
import { closeAfterTest } from '../../support/closing.js';
import { HeldRuns } from '../../support/held-runs.js';
import '../../support/logs.js';
import { moduleOf } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { eventually } from '../../support/deadline.js';

const CONNECTION = { clientId: 'app', keepalive: 60 };

@Controller()
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(MqttHealthIndicator) private readonly mqtt: MqttHealthIndicator,
    @Inject(ServerMqtt) private readonly server: ServerMqtt,
    @Inject(ClientMqtt) private readonly client: ClientMqtt,
  ) {}

  @Get('health')
  @HealthCheck({ swaggerDocumentation: false })
  check(): Promise<HealthCheckResult> {
    const options = { timeout: 200, maxUnsettledAge: 50 };
    return this.health.check([
      () => this.mqtt.isHealthy('server', this.server, options),
      () => this.mqtt.isHealthy('client', this.client, options),
    ]);
  }
}

async function start() {
  const { broker, url } = await startInProcessBroker();
  const runs = new HeldRuns<string>();

  @Controller()
  class Jobs {
    @EventPattern<string>('health/job', { qos: 1 })
    run(): Promise<void> {
      return runs.hold('job');
    }
  }

  const imports = [
    MqttModule.forRoot({ ...connectionTo(url), ...CONNECTION }),
    TerminusModule.forRoot({ logger: false }),
  ];
  const providers = [MqttHealthIndicator];
  const app = await NestFactory.create(moduleOf({ imports, providers, controllers: [HealthController, Jobs] }));
  closeAfterTest(async () => {
    runs.releaseAll();
    await app.close();
  });
  app.connectMicroservice({ strategy: app.get(ServerMqtt) });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const address = `${await app.getUrl()}/health`;
  const check = async (): Promise<{
    status: number;
    details: Record<string, { status: string; message?: string }>;
  }> => {
    const response = await fetch(address);
    const { details } = (await response.json()) as { details: Record<string, { status: string; message?: string }> };
    return { status: response.status, details };
  };
  return { app, broker, runs, check };
}

describe('the health endpoint', () => {
  it('is up while server and client are connected, and subscribed', async () => {
    const { app, check } = await start();
    expect(await check()).toMatchObject({ status: 503, details: { client: { message: 'not connected yet' } } });
    await app.get(ClientMqtt).connect();
    expect(await check()).toMatchObject({
      status: 200,
      details: {
        server: { status: 'up', connected: true, clientId: 'app-server', subscriptions: { wanted: 1, granted: 1 } },
        client: { status: 'up', connected: true, clientId: 'app-client' },
      },
    });
  });

  it('is down, and says why: no connection, no answer, subscriptions refused, a message that hangs', async () => {
    const { app, broker, runs, check } = await start();
    await app.get(ClientMqtt).connect();
    const server = app.get(ServerMqtt);

    broker.publish({ topic: 'health/job', payload: '1', qos: 1 });
    await runs.started.atLeast(1);
    await eventually(() => (server.health()!.oldestUnsettled ?? 0) > 50, 'the message has waited');
    expect((await check()).details['server']!.message).toMatch(/a message has waited \d+ ms/);
    runs.releaseAll();
    await eventually(() => server.health()!.unsettled === 0, 'the message is acknowledged');

    const silence = broker.faults.withhold('out', 'pingresp');
    expect((await check()).details['server']!.message).toBe('the broker does not answer');
    silence();

    broker.faults.refuseSubscriptions('health/job', 0x87);
    broker.faults.drop('app-server');
    await eventually(() => server.health()!.connected && server.health()!.subscriptions.granted === 0, 'refused');
    expect((await check()).details['server']!.message).toBe('the broker has granted 0 of 1 subscriptions');

    await broker.stop();
    await eventually(() => !server.health()!.connected, 'the connection is lost');
    const { status, details } = await check();
    expect([status, details['server']!.message]).toEqual([503, 'not connected']);
    expect(details['server']).toMatchObject({ lastError: expect.stringMatching(/closed|ECONNREFUSED/) });
  });
});
