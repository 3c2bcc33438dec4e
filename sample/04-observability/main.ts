/**
 * Tracing and metrics: one HTTP request becomes one trace, over a request, an event and a dead letter.
 *
 *   PORT         HTTP port; default 3000
 *   SAMPLE_EXIT  set: sends one request, checks the trace and the metrics, and exits with 0 on success
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { ServerMqtt } from 'nestjs-mqtt-transport';
import { startBroker } from '../01-quick-start/broker.js';
import { say } from '../01-quick-start/say.js';
import { freePort } from '../03-operations/free-port.js';
import { AppModule } from './app.module.js';
import { playRound } from './round.js';
import { startTelemetry } from './telemetry.js';

const spans = startTelemetry();
const broker = await startBroker(undefined);
const app = await NestFactory.create(AppModule.of(broker.url), { logger: ['error', 'warn'] });
app.connectMicroservice<MicroserviceOptions>({ strategy: app.get(ServerMqtt) }, { inheritAppConfig: true });
await app.startAllMicroservices();
await app.listen(await freePort(Number(process.env['PORT'] ?? 3000)), '127.0.0.1');
const address = await app.getUrl();

const problems = await playRound(address, spans);
for (const problem of problems) console.error(`Failed check: ${problem}`);

async function stop(): Promise<void> {
  await app.close();
  await broker.close();
}

if (process.env['SAMPLE_EXIT']) {
  await stop();
  process.exitCode = problems.length > 0 ? 1 : 0;
} else {
  say('try', `curl ${address}/orders/8/price; curl ${address}/metrics`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
}
