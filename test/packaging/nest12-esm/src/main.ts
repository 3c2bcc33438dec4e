// A hybrid Nest 12 application in ES modules: MqttModule, a request over HTTP's neighbour MQTT, and an own microservice.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxy, Ctx, MessagePattern, type MicroserviceOptions, Payload, Server } from '@nestjs/microservices';
import { ClientMqtt, MqttContext, MqttModule, ServerMqtt, TopicParam } from 'nestjs-mqtt-transport';
import { MqttInspectorModule } from 'nestjs-mqtt-transport/inspector';
import { RedisDeduplicationStore } from 'nestjs-mqtt-transport/stores';
import { MqttBroker } from 'nestjs-mqtt-transport/testing';
import { firstValueFrom } from 'rxjs';

@Controller()
class GreetingController {
  @MessagePattern('greet/{language}')
  greet(@TopicParam('language') language: string, @Payload() name: string, @Ctx() context: MqttContext): string {
    return `${language} ${name} ${context.getTopic()} ${context instanceof MqttContext}`;
  }
}

const broker = new MqttBroker();
const url = await broker.listen();

assert.ok(new ServerMqtt({ url }) instanceof Server);
assert.ok(new ClientMqtt({ url }) instanceof ClientProxy);

@Module({ controllers: [GreetingController] })
class MicroserviceModule {}

const microservice = await NestFactory.createMicroservice<MicroserviceOptions>(MicroserviceModule, {
  strategy: new ServerMqtt({ url }),
  logger: ['error', 'warn'],
});
await microservice.listen();
const client = new ClientMqtt({ url });
assert.equal(await firstValueFrom(client.send<string>('greet/en', 'Ada')), 'en Ada greet/en true');
await client.close();
await microservice.close();

@Module({
  imports: [MqttModule.forRoot({ url, clientId: 'packaging' }), MqttInspectorModule.forRoot()],
  controllers: [GreetingController],
})
class HybridModule {}

const app = await NestFactory.create(HybridModule, { logger: ['error', 'warn'] });
app.connectMicroservice<MicroserviceOptions>({ strategy: app.get(ServerMqtt) }, { inheritAppConfig: true });
await app.startAllMicroservices();
await app.listen(0);
const reply = await app.get(ClientMqtt).request<string>('greet/de', 'Ada');
assert.equal(reply.data, 'de Ada greet/de true');
const page = await fetch(`${await app.getUrl()}/inspector`);
assert.match(await page.text(), /<title>MQTT inspector<\/title>/);
await app.close();

await broker.close();
console.log('Nest 12, ES modules: passed');
