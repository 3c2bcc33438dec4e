import type { DynamicModule, INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getMqttServerToken, type ServerMqtt } from '../../../lib/index.js';
import { EveryFeatureModule } from './every-feature.module.js';

/** A module whose options are known when it is asked for. */
export function AppModule(): DynamicModule {
  return { module: class Application {}, imports: [EveryFeatureModule] };
}

/** An application that is put together like in its main file. */
export async function createApp(): Promise<INestApplication> {
  const app = await NestFactory.create(EveryFeatureModule, { logger: ['error'] });
  app.connectMicroservice({ strategy: app.get<ServerMqtt>(getMqttServerToken('plant')) });
  return app;
}
