/**
 * Devices: telemetry in CBOR, shared by two workers; states that the broker keeps; commands that devices answer, blink by blink;
 * and dead letters for invalid telemetry.
 *
 *   MQTT_URL  broker to use; default: the in-process broker
 *
 * Plays one scene, checks it, and exits with 0 on success.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { ServerMqtt } from 'nestjs-mqtt-transport';
import { startBroker } from '../01-quick-start/broker.js';
import { AppModule } from './app.module.js';
import { Device } from './device.js';
import { Operator } from './operator.js';
import { playScene } from './scene.js';

const broker = await startBroker(process.env['MQTT_URL']);
const workers = await Promise.all(['worker-1', 'worker-2'].map(startWorker));
const lamps = {
  'lamp-1': await Device.start(broker.url, 'north', 'lamp-1'),
  'lamp-2': await Device.start(broker.url, 'north', 'lamp-2'),
};
const operator = new Operator(broker.url);

const problems = await playScene(lamps, operator);
for (const problem of problems) console.error(`Failed check: ${problem}`);

for (const part of [operator, ...Object.values(lamps), ...workers, broker]) await part.close();
process.exitCode = problems.length > 0 ? 1 : 0;

/** In production each worker is a separate process. */
async function startWorker(name: string) {
  const app = await NestFactory.create(AppModule.of(name, broker.url), { logger: ['warn', 'error'] });
  app.connectMicroservice<MicroserviceOptions>({ strategy: app.get(ServerMqtt) });
  await app.startAllMicroservices();
  return app;
}
