import { randomUUID } from 'node:crypto';
import { Controller, type INestApplication, type Type } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  ClientMqtt,
  MqttModule,
  MqttSubscription,
  ServerMqtt,
  TopicParam,
  type MqttModuleOptions,
} from '../../../lib/index.js';
import { MqttDoc } from '../../../lib/asyncapi/index.js';
import { MqttInspectorModule, type MqttInspectorOptions } from '../../../lib/inspector/index.js';
import type { Snapshot } from '../../../lib/inspector/views/snapshot.js';
import { MqttBroker } from '../../../lib/testing/index.js';
import { closeAfterTest } from '../../support/closing.js';
import { eventually } from '../../support/deadline.js';
import { moduleOf } from '../../support/nest-application.js';
import { framesOf } from './frames.js';
import '../../support/logs.js';

export const PLATFORMS: Readonly<Record<string, () => AbstractHttpAdapter>> = {
  Express: () => new ExpressAdapter(),
  Fastify: () => new FastifyAdapter(),
};

/** A payload schema that the page shows as a form. */
const HEATING = {
  type: 'object',
  required: ['celsius', 'mode'],
  properties: {
    celsius: { type: 'number', minimum: 5, maximum: 30, description: 'Of the air' },
    mode: { enum: ['eco', 'full'] },
    note: { type: 'string' },
  },
};

@Controller()
@MqttSubscription({ prefix: 'house/' })
class House {
  @EventPattern<string>('{room}/temperature')
  temperature(): void {}

  @MqttSubscription({ deadLetter: 'house/failed', qos: 1 })
  @EventPattern<string>('{room}/broken')
  broken(@Payload() why: unknown): void {
    throw new Error(typeof why === 'string' ? why : 'it is broken');
  }

  @MqttSubscription({ shared: 'askers', qos: 1 })
  @MessagePattern<string>('{room}/state')
  state(): { on: boolean; password: string } {
    return { on: true, password: 'hunter2' };
  }

  @MqttDoc({ summary: 'Heats a room', payload: HEATING, examples: [{ celsius: 21, mode: 'eco' }] })
  @MessagePattern<string>('{room}/heat')
  heat(@TopicParam('room') room: string, @Payload() heating: object): object {
    return { room, ...heating };
  }
}

export interface InspectedHouse {
  readonly app: INestApplication;
  readonly broker: MqttBroker;
  readonly client: ClientMqtt;
  /** URL of the page. */
  readonly url: string;
}

/** Parts of the application beside the inspector. */
export interface HouseOptions {
  readonly mqtt?: MqttModuleOptions;
  readonly controllers?: readonly Type[];
}

/** An application with the inspector, on a broker of its own. */
export async function startHouse(
  options: MqttInspectorOptions = {},
  adapter: AbstractHttpAdapter = new ExpressAdapter(),
  house: HouseOptions = {},
): Promise<InspectedHouse> {
  const broker = new MqttBroker();
  const url = await broker.listen();
  closeAfterTest(() => broker.close());
  return { broker, ...(await startHouseOn({ url, protocolVersion: 5 }, options, adapter, house)) };
}

/** An application with the inspector, on a given broker. */
export async function startHouseOn(
  connection: MqttModuleOptions,
  options: MqttInspectorOptions = {},
  adapter: AbstractHttpAdapter = new ExpressAdapter(),
  { mqtt = {}, controllers = [House] }: HouseOptions = {},
): Promise<Omit<InspectedHouse, 'broker'>> {
  const module = moduleOf({
    imports: [
      MqttModule.forRoot({ clientId: `house-${randomUUID()}`, ...connection, ...mqtt }),
      MqttInspectorModule.forRoot(options),
    ],
    controllers: [...controllers],
  });
  const app = await NestFactory.create<INestApplication>(module, adapter, { logger: ['error', 'warn'] });
  closeAfterTest(() => app.close());
  app.connectMicroservice({ strategy: app.get(ServerMqtt) }, { inheritAppConfig: true });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  return { app, client: app.get(ClientMqtt), url: `${await app.getUrl()}/inspector` };
}

/** The snapshots of a viewer, until the consumer's loop ends. */
export function snapshotsOf(url: string): AsyncGenerator<Snapshot> {
  return framesOf(`${url}/snapshots`);
}

/** The first snapshot that satisfies a condition. */
export async function snapshotWith(url: string, wanted: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
  for await (const snapshot of snapshotsOf(url)) if (wanted(snapshot)) return snapshot;
  throw new Error('The snapshots have ended.');
}

/** Waits until the broker has granted all subscriptions of the client. */
export async function subscribed(client: ClientMqtt): Promise<void> {
  await eventually(() => {
    const { wanted, granted } = client.health()?.subscriptions ?? { wanted: 0, granted: 0 };
    return wanted > 0 && granted === wanted;
  }, 'the client is subscribed');
}

export function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-mqtt-inspector': '1', ...headers },
    body: JSON.stringify(body),
  });
}
