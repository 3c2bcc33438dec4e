import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { lastValueFrom, take, toArray } from 'rxjs';
import { ClientMqtt, MqttModule, RemoteError, ServerMqtt } from '../../../lib/index.js';
import { MqttBroker } from '../../../lib/testing/mqtt-broker.js';
import { closeAfterTest } from '../../support/closing.js';
import '../../support/logs.js';
import { moduleOf } from '../../support/nest-application.js';
import { writeCodeBlocks, writtenHere } from './code-blocks.js';

/** Runs the code of the pages to test what the pages say. */
describe('the code of', () => {
  const broker = new MqttBroker();
  let url: string;
  let client: ClientMqtt;
  let fileOf: ReturnType<typeof writeCodeBlocks>;

  beforeAll(async () => {
    url = await broker.listen();
    fileOf = writeCodeBlocks('recipes', url);
    client = new ClientMqtt({ url });
  });
  afterAll(async () => {
    await client.close();
    await broker.close();
  });

  async function exportsOf(document: string, name: string): Promise<Record<string, Type>> {
    const block = writtenHere.find(({ place, file }) => place.startsWith(`${document}:`) && file.endsWith(name))!;
    return (await import(fileOf(block))) as Record<string, Type>;
  }

  async function start(metadata: { controllers?: Type[]; providers?: Type[] } | Type): Promise<INestApplication> {
    const module =
      typeof metadata === 'function' ? metadata : moduleOf({ imports: [MqttModule.forRoot({ url })], ...metadata });
    const app = await NestFactory.create(module);
    closeAfterTest(() => app.close());
    app.connectMicroservice({ strategy: app.get(ServerMqtt) }, { inheritAppConfig: true });
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    return app;
  }

  it('docs/guide/quick-start.md responds over HTTP with a reading from MQTT, or with 404', async () => {
    const { AppModule } = await exportsOf('docs/guide/quick-start.md', 'app.module.ts');
    const app = await start(AppModule!);
    const handled = broker.waitFor('acknowledge');
    await client.publish('devices/roof/temperature', 21.5, { qos: 1 });
    await handled;
    const roof = await fetch(`${await app.getUrl()}/devices/roof`);
    expect([roof.status, await roof.json()]).toEqual([200, { celsius: 21.5 }]);
    const cellar = await fetch(`${await app.getUrl()}/devices/cellar`);
    expect([cellar.status, await cellar.json()]).toEqual([
      404,
      { statusCode: 404, message: 'cellar has not reported' },
    ]);
  });

  it('docs/recipes/request-scope.md knows the tenant of each message', async () => {
    const { OrdersController, TenantService } = await exportsOf('docs/recipes/request-scope.md', 'block-1.ts');
    await start({ controllers: [OrdersController!], providers: [TenantService!] });
    const replies = await Promise.all(['a', 'b'].map((name) => client.request(`tenants/${name}/orders/count`, 1)));
    expect(replies.map(({ data }) => data)).toEqual(['the orders of a', 'the orders of b']);
  });

  it('docs/recipes/cqrs.md executes a command, and publishes its event', async () => {
    const { OrdersModule } = await exportsOf('docs/recipes/cqrs.md', 'block-1.ts');
    await start(OrdersModule!);
    const placed = broker.waitFor('publish', ({ message }) => message.topic.endsWith('/placed'));
    const { data: id } = await client.request<string>('orders/place', { item: 'apples' });
    expect((await placed).message.topic).toBe(`orders/${id}/placed`);
  });

  it('docs/recipes/validation.md runs handlers with valid payloads only, and keeps invalid ones', async () => {
    const { ReadingsController } = await exportsOf('docs/recipes/validation.md', 'block-1.ts');
    await start({ controllers: [ReadingsController!] });
    const valid = { deviceId: 'roof', celsius: 20 };
    expect((await client.request('readings/check', valid)).data).toBe(true);
    await expect(client.request('readings/check', { ...valid, celsius: 'hot' })).rejects.toBeInstanceOf(RemoteError);
    const kept = broker.waitFor('publish', ({ message }) => message.topic === 'readings/invalid');
    await client.publish('readings', { deviceId: 'roof', celsius: 'hot' }, { qos: 1 });
    expect((await kept).message.payload.toString()).toBe('{"deviceId":"roof","celsius":"hot"}');
  });

  it('docs/recipes/sse-and-websocket.md streams to a browser, and unsubscribes when it disconnects', async () => {
    const { FeedController } = await exportsOf('docs/recipes/sse-and-websocket.md', 'block-1.ts');
    const app = await start({ controllers: [FeedController!] });
    const subscribed = broker.waitFor('subscribe', ({ filters }) => filters.includes('devices/roof/temperature'));
    const gone = new AbortController();
    const feed = fetch(`${await app.getUrl()}/devices/roof/feed`, { signal: gone.signal });
    await subscribed;
    await client.publish('devices/roof/temperature', 20);
    const reader = (await feed).body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('celsius')) text += (await reader.read()).value ?? '';
    expect(text).toContain('data: {"topic":"devices/roof/temperature","celsius":20}');
    const unsubscribed = broker.waitFor('unsubscribe', ({ filters }) => filters.includes('devices/roof/temperature'));
    gone.abort();
    expect((await unsubscribed).filters).toEqual(['devices/roof/temperature']);
  });

  it('docs/guide/handlers.md streams, and publishes results', async () => {
    const { ConversionController } = await exportsOf('docs/guide/handlers.md', 'block-4.ts');
    await start({ controllers: [ConversionController!] });
    const converted = broker.waitFor('publish', ({ message }) => message.topic === 'devices/7/fahrenheit');
    await client.publish('devices/7/celsius', 100);
    expect((await converted).message.payload.toString()).toBe('212');
    expect(await lastValueFrom(client.send('countdown', 1).pipe(take(1), toArray()))).toEqual([1]);
  });
});
