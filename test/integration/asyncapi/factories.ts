import type { DynamicModule, INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getMqttServerToken, type ServerMqtt } from '../../../lib/index.js';
import { EveryFeatureModule } from './every-feature.module.js';

/** A module that is created by a function. */
export function AppModule(): DynamicModule {
  return { module: class Application {}, imports: [EveryFeatureModule] };
}

/** An application that is created as in main.ts. */
export async function createApp(): Promise<INestApplication> {
  const app = await NestFactory.create(EveryFeatureModule, { logger: ['error'] });
  app.connectMicroservice({ strategy: app.get<ServerMqtt>(getMqttServerToken('plant')) });
  return app;
}
