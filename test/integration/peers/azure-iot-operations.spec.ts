import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { lastValueFrom, NEVER, of, toArray, type Observable } from 'rxjs';
import { MqttSubscription, RemoteError, type MqttClientOptions, type MqttServerOptions } from '../../../lib/index.js';
import { AzureExecutor, AzureFailure, AzureInvoker } from '../../support/azure-peers.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { createClient, startServer } from '../../support/nest-application.js';
import type { TestConnection } from '../../support/test-broker.js';

const LONG_MESSAGE = 'a long story,\n'.repeat(10_000);

@Controller()
class Service {
  @MessagePattern('azure/sum')
  sum(@Payload() numbers: number[]): { sum: number } {
    return { sum: numbers.reduce((a, b) => a + b, 0) };
  }

  @MessagePattern('azure/nothing')
  nothing(): void {}

  @MessagePattern('azure/stream')
  stream(): Observable<number> {
    return of(1, 2, 3);
  }

  @MessagePattern('azure/hang')
  hang(): Observable<number> {
    return NEVER;
  }

  @MessagePattern('azure/refuse')
  refuse(): void {
    throw new RpcException({ status: 'error', message: 'out of stock', article: 7 });
  }

  @MessagePattern('azure/refuse-at-length')
  refuseAtLength(): void {
    throw new RpcException(LONG_MESSAGE);
  }

  @MessagePattern('azure/break')
  break(): void {
    throw new Error('secret');
  }

  @MessagePattern('azure/plain')
  @MqttSubscription({ replyFormat: 'plain' })
  plain(): number {
    return 1;
  }
}

function doubled(data: unknown): number {
  return 2 * (data as number);
}

async function serve(connection: TestConnection, options: MqttServerOptions = {}): Promise<void> {
  const subscribeOptions = { qos: 1, replyFormat: 'azure-iot-operations' } as const;
  await startServer({ ...connection, subscribeOptions, ...options }, { controllers: [Service] });
}

function azureClient(connection: TestConnection, options: MqttClientOptions = {}) {
  return createClient({
    ...connection,
    clientId: 'nest-invoker',
    requestFormat: 'azure-iot-operations',
    publishOptions: { qos: 1 },
    ...options,
  });
}

describeEachBroker(
  'Azure IoT Operations',
  (broker) => {
    describe('an invoker', () => {
      it.each([
        ['azure/sum', '[1,2,3]', { sum: 6 }],
        ['azure/nothing', '{}', undefined],
        ['azure/stream', '{}', 1],
      ])('gets what %s answers', async (topic, payload, expected) => {
        await serve(broker.connection);
        const invoker = await AzureInvoker.connect(broker.connection, 'invoker');
        expect(await invoker.invoke(topic, payload)).toEqual(expected);
        expect(await invoker.invoke('azure/sum', '[1]')).toEqual({ sum: 1 });
      });

      it.each([
        ['azure/refuse', '{}', 'execution error', 'out of stock', {}],
        ['azure/break', '{}', 'execution error', 'Internal server error', {}],
        ['azure/sum', '{', 'invalid payload', expect.stringContaining('azure/sum'), {}],
        [
          'azure/hang',
          '{}',
          'timeout',
          expect.stringContaining('250 ms'),
          { name: 'ExecutionTimeout', value: 'PT0.25S' },
        ],
      ])('is told how %s with %s failed: %s', async (topic, payload, kind, message, details) => {
        await serve(broker.connection, { handlerTimeout: 250 });
        const invoker = await AzureInvoker.connect(broker.connection, 'invoker');
        const failure = invoker.invoke(topic, payload);
        await expect(failure).rejects.toMatchObject({ kind, message, details: { isRemote: true, ...details } });
      });

      it('is told the beginning of a message that is too long for a User Property, as one line', async () => {
        await serve(broker.connection);
        const invoker = await AzureInvoker.connect(broker.connection, 'invoker');
        const message = LONG_MESSAGE.replaceAll('\n', ' ').slice(0, 1_024);
        await expect(invoker.invoke('azure/refuse-at-length', '{}')).rejects.toMatchObject({ message });
      });

      it('misses the status where the format is the plain one', async () => {
        await serve(broker.connection);
        const invoker = await AzureInvoker.connect(broker.connection, 'invoker');
        await expect(invoker.invoke('azure/plain', '{}')).rejects.toMatchObject({
          kind: 'missing header',
          details: { name: '__stat' },
        });
      });
    });

    describe.each<MqttClientOptions>([{}, { requestFormat: 'azure-iot-operations' }])(
      'a client with %j of a server that answers in this format',
      (options) => {
        it('gets values, streams and errors as ever', async () => {
          await serve(broker.connection);
          const client = createClient({ ...broker.connection, ...options });
          expect((await client.request('azure/sum', [1, 2])).data).toEqual({ sum: 3 });
          expect(await lastValueFrom(client.send('azure/stream', {}).pipe(toArray()))).toEqual([1, 2, 3]);
          expect(await lastValueFrom(client.send('azure/nothing', {}).pipe(toArray()))).toEqual([]);
          const refused = { status: 'error', message: 'out of stock', article: 7 };
          await expect(lastValueFrom(client.send('azure/refuse', {}))).rejects.toEqual(refused);
        });
      },
    );

    describe('an executor', () => {
      it('executes a request, and its result arrives', async () => {
        const executor = await AzureExecutor.serve(broker.connection, 'executor/double', doubled);
        const client = azureClient(broker.connection);
        const userProperties = { site: '7' };
        expect((await client.request('executor/double', 21, { userProperties })).data).toBe(42);
        expect(await lastValueFrom(client.send('executor/double', 2))).toBe(4);
        expect({ ...executor.requests[0]!.properties!.userProperties }).toEqual({
          site: '7',
          __protVer: '1.0',
          __srcId: 'nest-invoker',
          __invId: 'nest-invoker',
          $partition: 'nest-invoker',
        });
        expect(userProperties).toEqual({ site: '7' });
      });

      it('has no result, and the caller gets none', async () => {
        await AzureExecutor.serve(broker.connection, 'executor/nothing', () => undefined);
        const client = azureClient(broker.connection);
        expect((await client.request('executor/nothing', 1)).data).toBeUndefined();
        expect(await lastValueFrom(client.send('executor/nothing', 1).pipe(toArray()))).toEqual([]);
      });

      it.each<[Error, string, object]>([
        [new Error('overheated'), 'rpc', { message: 'overheated', statusCode: 500, isApplicationError: true }],
        [
          new AzureFailure('500', 'counter', { __propName: 'Counter' }),
          'internal',
          { message: 'counter', statusCode: 500, isApplicationError: false, propertyName: 'Counter' },
        ],
        [
          new AzureFailure('408', 'late', { __propName: 'ExecutionTimeout', __propVal: 'PT10S' }),
          'timeout',
          { message: 'late', statusCode: 408, propertyName: 'ExecutionTimeout', propertyValue: 'PT10S' },
        ],
        [new AzureFailure('503', 'drift'), 'internal', { message: 'drift', statusCode: 503 }],
        [
          new AzureFailure('505', 'too new', { __supProtMajVer: '2 3' }),
          'unsupported-version',
          { message: 'too new', statusCode: 505, supportedMajorVersions: '2 3' },
        ],
        [new AzureFailure('422', ''), 'internal', { message: 'The reply has the status 422', statusCode: 422 }],
        [new AzureFailure('oops', 'no number'), 'internal', { message: 'no number', statusCode: undefined }],
        [
          new AzureFailure('200', '', { __protVer: '2.0' }),
          'unsupported-version',
          { message: expect.stringContaining('version 2.0'), statusCode: undefined },
        ],
      ])('fails with %s: the caller gets a RemoteError of code %s', async (thrown, code, data) => {
        await AzureExecutor.serve(broker.connection, 'executor/fail', () => {
          throw thrown;
        });
        const client = azureClient(broker.connection);
        const failure: unknown = await client.request('executor/fail', {}).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(RemoteError);
        expect(failure).toMatchObject({ code, topic: 'executor/fail', data: { status: 'error', ...data } });
        await expect(lastValueFrom(client.send('executor/fail', {}))).rejects.toMatchObject(data);
      });

      it.each<[string, MqttClientOptions, unknown, object]>([
        ['a text', {}, 'text', { code: 'bad-request', data: { statusCode: 415, propertyName: 'Content Type' } }],
        [
          'no expiry',
          { requestTimeout: Infinity },
          1,
          { code: 'bad-request', data: { propertyName: 'Message Expiry' } },
        ],
      ])('refuses %s: the caller is told', async (_what, options, data, expected) => {
        await AzureExecutor.serve(broker.connection, 'executor/strict', () => 1);
        const client = azureClient(broker.connection, options);
        await expect(client.request('executor/strict', data)).rejects.toMatchObject(expected);
      });

      it('fails, which a client without the option takes for a reply without a value', async () => {
        await AzureExecutor.serve(broker.connection, 'executor/unseen', () => {
          throw new Error('overheated');
        });
        const client = createClient(broker.connection);
        const { data, userProperties } = await client.request('executor/unseen', {});
        expect([data, userProperties['__stat']]).toEqual(['', '400']); // it has not said who it is
      });
    });
  },
  { versions: [5] },
);
