import { NestFactory } from '@nestjs/core';
import type { ModuleMetadata } from '@nestjs/common';
import { ClientMqtt, Transport } from '@nestjs/microservices';
import type { MqttClient } from 'mqtt';
import { closeAfterTest } from './closing.js';
import './logs.js';
import { moduleOf } from './nest-application.js';
import type { TestConnection } from './test-broker.js';

/** What the built-in transport passes on to MQTT.js. */
function optionsOf({ url, protocolVersion }: TestConnection): { url: string; protocolVersion: 4 | 5 } {
  return { url, protocolVersion };
}

/** A microservice on Nest's own `Transport.MQTT`, listening, its subscriptions granted. Closed after the test. */
export async function startBuiltInServer(
  connection: TestConnection,
  metadata: ModuleMetadata,
  subscribeOptions: { qos: 0 | 1 | 2 } = { qos: 0 },
): Promise<void> {
  const options = { transport: Transport.MQTT as const, options: { ...optionsOf(connection), subscribeOptions } };
  const app = await NestFactory.createMicroservice(moduleOf(metadata), options);
  closeAfterTest(() => app.close());
  await app.listen();
  // listen() does not wait for the SUBACKs; they come in the order of the SUBSCRIBE packets
  await app.unwrap<MqttClient>().subscribeAsync('granted');
}

/** Nest's own MQTT client. Closed after the test. */
export function createBuiltInClient(connection: TestConnection): ClientMqtt {
  const client = new ClientMqtt(optionsOf(connection));
  closeAfterTest(() => client.close());
  return client;
}
