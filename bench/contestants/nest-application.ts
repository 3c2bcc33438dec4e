import 'reflect-metadata';
import { Controller, Module, type INestMicroservice, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, MessagePattern, Payload, type MicroserviceOptions } from '@nestjs/microservices';
import type { Reading } from './contestant.js';

/** Serves what is asked with the pattern by what `answer` gives. */
export function responder(pattern: string, answer: (request: Reading) => unknown): Type {
  @Controller()
  class Responder {
    @MessagePattern(pattern)
    respond(@Payload() request: Reading): unknown {
      return answer(request);
    }
  }
  return Responder;
}

export function consumer(filter: string, take: (event: Reading) => void): Type {
  @Controller()
  class Consumer {
    @EventPattern<string>(filter)
    consume(@Payload() event: Reading): void {
      take(event);
    }
  }
  return Consumer;
}

/** A microservice that says nothing but what went wrong. */
export async function listen(controller: Type, options: MicroserviceOptions): Promise<INestMicroservice> {
  @Module({ controllers: [controller] })
  class App {}
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(App, { ...options, logger: ['error'] });
  await app.listen();
  return app;
}
