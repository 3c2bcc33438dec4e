import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Param, Query, type INestApplication } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { BackpressureError, ClientMqtt, MqttHttpExceptionFilter, MqttModule, ServerMqtt } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { logs } from '../../support/logs.js';
import { moduleOf } from '../../support/nest-application.js';

@Controller()
class Devices {
  constructor(@Inject(ClientMqtt) private readonly client: ClientMqtt) {}

  @Get('ask')
  async ask(@Query('topic') topic: string, @Query('timeout') timeout = '5000'): Promise<unknown> {
    const { data } = await this.client.request(topic, 'x', { qos: 1, timeout: Number(timeout) });
    return { data };
  }

  @Get('full')
  full(): void {
    throw new BackpressureError('maxPendingRequests', 1, 'The request was not sent');
  }

  @Get('other/:name')
  other(@Param('name') name: string): void {
    throw new TypeError(name);
  }

  @MessagePattern('devices/missing')
  missing(): void {
    throw new RpcException({ statusCode: 404, message: 'No such device', deviceId: 7 });
  }

  @MessagePattern('devices/status')
  status(): void {
    throw new RpcException({ status: 409, message: 'Taken' });
  }

  @MessagePattern('devices/broken')
  broken(): void {
    throw new RpcException('the reason');
  }

  @MessagePattern('devices/slow')
  slow(): Promise<void> {
    return new Promise(() => {});
  }

  @MessagePattern('devices/nested')
  async nested(@Payload() payload: unknown): Promise<unknown> {
    return this.client.request('not/a/+/name', payload);
  }
}

const ADAPTERS = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
] as const;

describe.each(ADAPTERS)('MqttHttpExceptionFilter on %s', (_, adapter) => {
  describeEachBroker(
    'makes HTTP responses of',
    (broker) => {
      let app: INestApplication | undefined;
      afterEach(async () => {
        await app?.close();
        app = undefined;
      });

      async function get(path: string): Promise<[status: number, body: unknown]> {
        const imports = [MqttModule.forRoot({ ...broker.connection, gracefulTimeout: 0 })];
        const providers = [{ provide: APP_FILTER, useClass: MqttHttpExceptionFilter }];
        app = await NestFactory.create(moduleOf({ imports, providers, controllers: [Devices] }), adapter());
        app.connectMicroservice({ strategy: app.get(ServerMqtt) }, { inheritAppConfig: true });
        await app.startAllMicroservices();
        await app.listen(0, '127.0.0.1');
        await app.get(ClientMqtt).connect(); // which may take longer than a short timeout of a request
        const response = await fetch(`${await app.getUrl()}/${path}`);
        return [response.status, await response.json()];
      }

      it.each([
        [
          'what an RpcException carries, its statusCode',
          'devices/missing',
          404,
          { message: 'No such device', deviceId: 7 },
        ],
        ['what an RpcException carries, its status', 'devices/status', 409, { message: 'Taken', status: 409 }],
        ['an RpcException without a status', 'devices/broken', 500, { message: 'Internal Server Error' }],
        ['an error within the handler', 'devices/nested', 500, { message: 'Internal Server Error' }],
        ['a topic without subscribers', 'nobody/subscribes', 503, { message: 'Service Unavailable' }],
        ['a topic that is none', 'a/%2B', 400, { message: 'Bad Request' }],
      ])('%s', async (_title, topic, statusCode, body) => {
        expect(await get(`ask?topic=${topic}`)).toEqual([statusCode, { statusCode, ...body }]);
      });

      it('a timeout', async () => {
        const body = { statusCode: 504, message: 'Gateway Timeout' };
        expect(await get('ask?topic=devices/slow&timeout=250')).toEqual([504, body]);
        const lines = logs.entries.filter(({ level }) => level === 'error').map(({ message }) => message);
        expect(lines).toEqual([expect.stringMatching(/^RequestTimeoutError: .* "devices\/slow" .*within 250 ms/)]);
      });

      it('a bound that is reached', async () => {
        expect(await get('full')).toEqual([503, { statusCode: 503, message: 'Service Unavailable' }]);
      });

      it('nothing else: other errors are treated by Nest', async () => {
        expect(await get('other/x')).toEqual([500, { statusCode: 500, message: 'Internal server error' }]);
      });
    },
    { versions: [5] },
  );
});
