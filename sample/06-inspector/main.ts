/**
 * The inspector: a page that shows the activity of an application. Three greenhouses report, a sensor is broken, and a device publishes
 * to topics without a handler.
 *
 *   PORT         HTTP port; default 3000
 *   SAMPLE_EXIT  set: reads the page, checks it, and exits with 0 on success
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { ServerMqtt } from 'nestjs-mqtt-transport';
import { startBroker } from '../01-quick-start/broker.js';
import { say } from '../01-quick-start/say.js';
import { freePort } from '../03-operations/free-port.js';
import { AppModule } from './app.module.js';
import { startDevices } from './devices.js';
import { playRound } from './round.js';

const broker = await startBroker(undefined);
const app = await NestFactory.create(AppModule.of(broker.url), { logger: ['warn'] }); // the page shows the errors of the broken sensor
app.connectMicroservice<MicroserviceOptions>({ strategy: app.get(ServerMqtt) }, { inheritAppConfig: true });
await app.startAllMicroservices();
await app.listen(await freePort(Number(process.env['PORT'] ?? 3000)), '127.0.0.1');
const address = `${await app.getUrl()}/inspector`;
app.useLogger(['log', 'warn']); // actions on the page are logged
const stopDevices = startDevices(broker.url);
say('inspector', address);

async function stop(): Promise<void> {
  await stopDevices();
  await app.close();
  await broker.close();
}

if (process.env['SAMPLE_EXIT']) {
  const problems = await playRound(address);
  for (const problem of problems) console.error(`Failed check: ${problem}`);
  await stop();
  process.exitCode = problems.length > 0 ? 1 : 0;
} else {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
}
