import 'reflect-metadata';
import { Module, type INestMicroservice, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientMqtt, ServerMqtt, type MqttClientOptions, type MqttServerOptions } from '../../lib/index.js';
import { closeAfterTest } from './closing.js';
import './logs.js';

export interface RunningServer {
  readonly app: INestMicroservice;
  readonly server: ServerMqtt;
}

/** A module class as an application would write it. */
export function moduleOf(metadata: ModuleMetadata): new () => object {
  class TestModule {}
  Module(metadata)(TestModule);
  return TestModule;
}

/** A Nest microservice that has not started yet. Closed after the test. */
export async function createServer(options: MqttServerOptions, metadata: ModuleMetadata): Promise<RunningServer> {
  const server = new ServerMqtt({ gracefulTimeout: 1_000, ...options });
  const app = await NestFactory.createMicroservice(moduleOf(metadata), { strategy: server });
  closeAfterTest(() => app.close());
  return { app, server };
}

/**
 * A Nest microservice around the given controllers, listening. Closed after the test.
 *
 * @example
 * ```ts
 * const { app, server } = await startServer({ ...broker.connection, maxConcurrency: 1 }, { controllers: [Devices] });
 * ```
 */
export async function startServer(options: MqttServerOptions, metadata: ModuleMetadata): Promise<RunningServer> {
  const running = await createServer(options, metadata);
  await running.app.listen();
  return running;
}

/** A client, which connects when it is first used. Closed after the test. */
export function createClient(options: MqttClientOptions): ClientMqtt {
  const client = new ClientMqtt(options);
  closeAfterTest(() => client.close());
  return client;
}
