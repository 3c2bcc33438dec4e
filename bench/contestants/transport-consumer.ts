// A Nest microservice on this transport: acknowledged when the handler has ended.
import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload } from '@nestjs/microservices';
import { ServerMqtt } from 'nestjs-mqtt-transport';
import { playerParameters, tell } from '../harness/player.js';
import { ReadingCounter, TOPIC, type ConsumerParameters, type Reading } from './consumer.js';

const { url, protocolVersion, clientId, qos, messages, window } = playerParameters<ConsumerParameters>();
const counter = new ReadingCounter(messages);

@Controller()
class Readings {
  @EventPattern(TOPIC)
  take(@Payload() reading: Reading): void {
    counter.take(reading);
  }
}

@Module({ controllers: [Readings] })
class ConsumerModule {}

const strategy = new ServerMqtt({
  url,
  protocolVersion,
  clientId,
  clean: false,
  maxConcurrency: window,
  subscribeOptions: { qos },
  ...(protocolVersion === 5 && { properties: { sessionExpiryInterval: 3_600 } }),
});
const app = await NestFactory.createMicroservice(ConsumerModule, { strategy, logger: ['error'] });
await app.listen();
tell('ready');
