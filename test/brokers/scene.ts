import { randomUUID } from 'node:crypto';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Module } from '@nestjs/common';
import { connectAsync, type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { ClientMqtt, ServerMqtt, type MqttClientOptions, type MqttServerOptions } from '../../lib/index.js';
import { Journal } from '../support/journal.js';

type ControllerClass = new () => object;

export interface RunningServer {
  readonly app: INestMicroservice;
  readonly server: ServerMqtt;
}

/** What a check works with: servers, clients and peers on one broker, and topics that no other check uses. */
export class Scene {
  private readonly closers: (() => unknown)[] = [];
  private readonly base: string;

  constructor(
    readonly url: string,
    readonly version: 4 | 5,
    check: string,
  ) {
    this.base = `${check}-${randomUUID().slice(0, 8)}`;
  }

  /** A topic or filter of this check. */
  topic(rest: string): string {
    return `${this.base}/${rest}`;
  }

  /** Options of a session that survives its connection. */
  durable(name: string): Pick<MqttServerOptions, 'clientId' | 'clean' | 'properties'> {
    const properties = this.version === 5 ? { properties: { sessionExpiryInterval: 600 } } : {};
    return { clientId: `${this.base}-${name}`, clean: false, ...properties };
  }

  /** A Nest microservice around the controllers, listening. */
  async serve(options: MqttServerOptions, ...controllers: ControllerClass[]): Promise<RunningServer> {
    const server = new ServerMqtt({ ...this.connection, gracefulTimeout: 1_000, ...options });
    class CheckModule {}
    Module({ controllers })(CheckModule);
    const app = await NestFactory.createMicroservice(CheckModule, { strategy: server });
    this.closers.push(() => app.close());
    await app.listen();
    return { app, server };
  }

  client(options: MqttClientOptions = {}): ClientMqtt {
    const client = new ClientMqtt({ ...this.connection, requestTimeout: 8_000, gracefulTimeout: 1_000, ...options });
    this.closers.push(() => client.close());
    return client;
  }

  /** MQTT.js as it is. */
  async raw(options: IClientOptions = {}): Promise<MqttClient> {
    const client = await connectAsync(this.url, { protocolVersion: this.version, reconnectPeriod: 0, ...options });
    client.on('error', () => {}); // seen by what does not come
    this.closers.push(() => client.endAsync(true));
    return client;
  }

  /** What MQTT.js gets of a subscription. */
  async watch(filter: string, qos: 0 | 1 | 2 = 1, options: IClientOptions = {}): Promise<Journal<IPublishPacket>> {
    const client = await this.raw(options);
    const messages = new Journal<IPublishPacket>();
    client.on('message', (_topic, _payload, packet) => messages.add(packet));
    await client.subscribeAsync(filter, { qos });
    return messages;
  }

  /** Closes all that was opened, the latest first. */
  async close(): Promise<void> {
    for (const close of this.closers.toReversed()) await Promise.resolve(close()).catch(() => {});
  }

  private get connection(): Pick<MqttServerOptions, 'url' | 'protocolVersion' | 'reconnect'> {
    return { url: this.url, protocolVersion: this.version, reconnect: { initialDelay: 20, maxDelay: 200 } };
  }
}
