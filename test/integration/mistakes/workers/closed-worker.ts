import 'reflect-metadata';
import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { firstValueFrom } from 'rxjs';
import { ClientMqtt, MqttModule, type MqttModuleOptions } from '../../../../lib/index.js';
import { report, workerParameters } from '../../../support/worker-main.js';

const { connection } = workerParameters<{ connection: MqttModuleOptions }>();

@Injectable()
class Farewell {
  constructor(@Inject(ClientMqtt) private readonly client: ClientMqtt) {}

  async beforeApplicationShutdown(): Promise<void> {
    await this.client.publish('closed/farewell', 'bye', { qos: 1 });
  }
}

@Module({ imports: [MqttModule.forRoot(connection)], providers: [Farewell] })
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
const client = app.get(ClientMqtt);
report('ready');
await app.close();

client.emit('closed/event', 1); // nobody subscribes
const calls: Record<string, () => Promise<unknown>> = {
  publish: () => client.publish('closed/late', 1),
  request: () => client.request('closed/late', 1),
  send: () => firstValueFrom(client.send('closed/late', 1)),
  emit: () => firstValueFrom(client.emit('closed/late', 1)),
  messages: () => firstValueFrom(client.messages('closed/late')),
};
for (const [name, call] of Object.entries(calls))
  await call().catch((thrown: unknown) => {
    const { name: error, message } = thrown as Error;
    report({ name, error, message });
  });

process.disconnect(); // the test's channel would keep this process alive
