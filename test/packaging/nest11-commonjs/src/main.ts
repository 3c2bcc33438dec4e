// A Nest 11 microservice in CommonJS, run by node.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MicroserviceOptions } from '@nestjs/microservices';
import { ClientMqtt, MqttContext, ServerMqtt } from 'nestjs-mqtt-transport';
import { MemoryDeduplicationStore } from 'nestjs-mqtt-transport/stores';
import { MqttAsyncApi } from 'nestjs-mqtt-transport/asyncapi';
import { MqttInspectorModule } from 'nestjs-mqtt-transport/inspector';
import { MqttBroker } from 'nestjs-mqtt-transport/testing';
import { firstValueFrom } from 'rxjs';
import { GreetingController } from './greeting.controller';

@Module({ imports: [MqttInspectorModule.forRoot()], controllers: [GreetingController] }) // its page needs HTTP, it does not
class AppModule {}

async function main(): Promise<void> {
  assert.equal(new MemoryDeduplicationStore().claim('a', 'b', 1).state, 'mine');

  const broker = new MqttBroker();
  const url = await broker.listen();
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule, {
    strategy: new ServerMqtt({ url }),
    logger: ['error', 'warn'],
  });
  await app.listen();
  const client = new ClientMqtt({ url });
  assert.equal(await firstValueFrom(client.send<string>('greet/en', 'Ada')), 'en Ada greet/en true');
  const document = await MqttAsyncApi.createDocument(app, { title: 'Greetings', version: '1.0.0' });
  assert.equal(document.operations['GreetingController_greet']?.action, 'receive');
  await client.close();
  await app.close();
  await broker.close();
  console.log('Nest 11, CommonJS: passed');
}

void main();
