import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { ServerMqtt } from 'nestjs-mqtt-transport';
import { AppModule } from './app.module.js';
import { say } from './say.js';

/**
 * Starts one instance of the application: a hybrid application with HTTP and MQTT. In production each is a separate process; here
 * both run in this process, so that one terminal shows what they do.
 */
export async function startWorker(name: string, mqttUrl: string, port: number): Promise<INestApplication> {
  const app = await NestFactory.create(AppModule.of(name, mqttUrl), { logger: ['warn', 'error'] });
  app.connectMicroservice<MicroserviceOptions>({ strategy: app.get(ServerMqtt) }, { inheritAppConfig: true });
  await app.startAllMicroservices(); // resolves when the broker has granted every subscription
  await app.listen(port, '127.0.0.1');
  say(name, `HTTP at ${await app.getUrl()}`);
  return app;
}
