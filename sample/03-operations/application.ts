import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { ClientMqtt, getMqttServerToken, type ServerMqtt } from 'nestjs-mqtt-transport';
import { AppModule } from './app.module.js';
import type { Brokers } from './brokers.js';
import type { Vault } from './credentials.js';
import { say } from './say.js';

/** A hybrid application: MQTT for the plant, HTTP for health checks. It shuts down cleanly on SIGTERM and SIGINT. */
export async function startApplication(brokers: Brokers, vault: Vault, port: number): Promise<INestApplication> {
  const module = AppModule.of(brokers.plantUrl, brokers.officeUrl, vault);
  const app = await NestFactory.create(module, { logger: ['warn', 'error'] });
  const plant = app.get<ServerMqtt>(getMqttServerToken('plant'));
  plant.status.subscribe((status) => say('plant', status));
  app.connectMicroservice<MicroserviceOptions>({ strategy: plant }, { inheritAppConfig: true });
  await app.startAllMicroservices();
  await app.get(ClientMqtt).connect(); // connects now, because its health is checked
  await app.listen(port, '127.0.0.1');
  say('http', `${await app.getUrl()}/health`);
  return app;
}
