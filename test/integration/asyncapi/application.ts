import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { getMqttServerToken, type ServerMqtt } from '../../../lib/index.js';
import { closeAfterTest } from '../../support/closing.js';

type NestModule = Parameters<typeof NestFactory.create>[0];

/** An application whose servers have registered their handlers but do not connect. Closed after the test. */
export async function preparedApplication(
  module: NestModule,
  ...brokers: (string | undefined)[]
): Promise<INestApplication> {
  const app = await NestFactory.create(module, { logger: ['error', 'warn'] });
  closeAfterTest(() => app.close());
  for (const name of brokers) {
    app.connectMicroservice<MicroserviceOptions>({ strategy: app.get<ServerMqtt>(getMqttServerToken(name)) });
  }
  return app;
}

/** A module with the given parts. */
export function applicationOf(metadata: ModuleMetadata): Promise<INestApplication> {
  class AppModule {}
  return preparedApplication({ module: AppModule, ...metadata }, undefined);
}
