import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { INestApplication } from '@nestjs/common';
import { ClientMqtt, MqttModule, MqttSubscription, ServerMqtt } from '../../../lib/index.js';
import { MqttInspectorModule, type MqttInspectorOptions } from '../../../lib/inspector/index.js';
import type { Snapshot } from '../../../lib/inspector/views/snapshot.js';
import { MqttBroker } from '../../../lib/testing/index.js';
import { closeAfterTest } from '../../support/closing.js';
import { moduleOf } from '../../support/nest-application.js';
import '../../support/logs.js';

export const PLATFORMS: Readonly<Record<string, () => AbstractHttpAdapter>> = {
  Express: () => new ExpressAdapter(),
  Fastify: () => new FastifyAdapter(),
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
}

export interface InspectedHouse {
  readonly app: INestApplication;
  readonly broker: MqttBroker;
  readonly client: ClientMqtt;
  /** Of the page. */
  readonly url: string;
}

/** An application with the inspector, on a broker of its own. */
export async function startHouse(
  options: MqttInspectorOptions = {},
  adapter: AbstractHttpAdapter = new ExpressAdapter(),
): Promise<InspectedHouse> {
  const broker = new MqttBroker();
  const url = await broker.listen();
  closeAfterTest(() => broker.close());
  const module = moduleOf({
    imports: [MqttModule.forRoot({ url, clientId: 'house', protocolVersion: 5 }), MqttInspectorModule.forRoot(options)],
    controllers: [House],
  });
  const app = await NestFactory.create<INestApplication>(module, adapter, { logger: ['error', 'warn'] });
  closeAfterTest(() => app.close());
  app.connectMicroservice({ strategy: app.get(ServerMqtt) }, { inheritAppConfig: true });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  return { app, broker, client: app.get(ClientMqtt), url: `${await app.getUrl()}/inspector` };
}

/** The snapshots that a viewer gets, until the loop over them ends. */
export async function* snapshotsOf(url: string): AsyncGenerator<Snapshot> {
  const response = await fetch(`${url}/snapshots`);
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const frames = text.split('\n\n');
    text = frames.pop()!;
    for (const frame of frames) yield JSON.parse(frame.split('\ndata: ')[1]!) as Snapshot;
  }
}

/** The first snapshot that is as wanted. */
export async function snapshotWith(url: string, wanted: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
  for await (const snapshot of snapshotsOf(url)) if (wanted(snapshot)) return snapshot;
  throw new Error('The snapshots have ended.');
}

export function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-mqtt-inspector': '1', ...headers },
    body: JSON.stringify(body),
  });
}
