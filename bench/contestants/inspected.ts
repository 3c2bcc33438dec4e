import { Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MqttModule, ServerMqtt, type MqttModuleOptions } from 'nestjs-mqtt-transport';
import { MqttInspectorModule } from 'nestjs-mqtt-transport/inspector';

/** A controller in an application with HTTP, with the inspector or without. @returns where the inspector is, or would be */
export async function serveInspected(
  controller: Type,
  options: MqttModuleOptions,
  inspector: boolean,
): Promise<string> {
  @Module({
    imports: [MqttModule.forRoot(options), ...(inspector ? [MqttInspectorModule.forRoot()] : [])],
    controllers: [controller],
  })
  class App {}
  const app = await NestFactory.create(App, { logger: ['error'] });
  app.connectMicroservice({ strategy: app.get(ServerMqtt) }, { inheritAppConfig: true });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  return `${await app.getUrl()}/inspector`;
}
