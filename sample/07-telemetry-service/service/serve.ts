import type { INestApplication } from '@nestjs/common';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { getMqttServerToken, ServerMqtt } from 'nestjs-mqtt-transport';
import { CLOUD } from './brokers.js';
import { Settings } from './settings.js';

/** Serves both brokers first, then HTTP, whose handlers depend on MQTT. */
export async function serve(app: INestApplication): Promise<void> {
  for (const strategy of [app.get(ServerMqtt), app.get<ServerMqtt>(getMqttServerToken(CLOUD))])
    app.connectMicroservice<MicroserviceOptions>({ strategy }, { inheritAppConfig: true });
  await app.startAllMicroservices();
  await app.listen(app.get(Settings).port, '127.0.0.1');
}
