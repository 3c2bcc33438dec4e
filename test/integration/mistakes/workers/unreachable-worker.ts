import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern } from '@nestjs/microservices';
import { MqttModule, ServerMqtt, type MqttModuleOptions } from '../../../../lib/index.js';
import { report, workerParameters } from '../../../support/worker-main.js';

const { connection } = workerParameters<{ connection: MqttModuleOptions }>();

@Controller()
class Events {
  @EventPattern<string>('unreachable')
  handle(): void {}
}

@Module({ imports: [MqttModule.forRoot(connection)], controllers: [Events] })
class AppModule {}

// as an application does it: nobody catches what startAllMicroservices() rejects with
const app = await NestFactory.createMicroservice(AppModule, {
  inject: [ServerMqtt],
  useFactory: (strategy: ServerMqtt) => ({ strategy }),
  logger: ['log', 'warn', 'error', 'fatal'],
});
app.enableShutdownHooks();
process.on('disconnect', () => process.exit());
report('ready'); // for SIGTERM
await app.listen();
report('listening');
