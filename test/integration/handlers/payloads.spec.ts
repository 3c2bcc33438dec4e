import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { jsonCodec, textCodec, type MqttCodec, type MqttContext } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';

function recorder(extras: object = {}): {
  seen: Journal<unknown>;
  types: Journal<unknown>;
  controller: new () => object;
} {
  const seen = new Journal<unknown>();
  const types = new Journal<unknown>();

  @Controller()
  class Recorder {
    @EventPattern<string>('payloads/+', extras)
    record(@Payload() data: unknown, @Ctx() context: MqttContext): void {
      seen.add(data);
      types.add(context.contentType);
    }
  }

  return { seen, types, controller: Recorder };
}

const VALUES: readonly (readonly [name: string, value: unknown, contentType: string])[] = [
  ['an object', { celsius: 21.5, unit: 'C' }, 'application/json'],
  ['an array', [1, 'two', null], 'application/json'],
  ['a number', 42, 'application/json'],
  ['a boolean', false, 'application/json'],
  ['text', 'warm, 21 °C', 'text/plain'],
  ['an empty text', '', 'text/plain'],
  ['a Buffer', Buffer.from([0xff, 0, 1]), 'application/octet-stream'],
];

describeEachBroker('payloads', (broker) => {
  it.each(VALUES)('%s arrives as it was sent', async (_name, value, contentType) => {
    const { seen, types, controller } = recorder();
    await startServer(broker.connection, { controllers: [controller] });
    await createClient(broker.connection).publish('payloads/any', value);
    expect(await seen.atLeast(1)).toEqual([value]);
    expect(types.entries).toEqual([broker.protocolVersion === 5 ? contentType : undefined]);
  });

  it.each([
    ['JSON', '{"a":1}', { a: 1 }],
    ['a number', '21.5', 21.5],
    ['text', 'hello', 'hello'],
    ['text that looks like JSON', '{not json', '{not json'],
    ['bytes', Buffer.from([0xff, 0xfe]), Buffer.from([0xff, 0xfe])],
    ['nothing', '', ''],
    ['an object with id and data, which is no envelope', '{"id":"7","data":1}', { id: '7', data: 1 }],
  ])('of a device that names no Content Type: %s', async (_name, payload, value) => {
    const { seen, controller } = recorder();
    await startServer(broker.connection, { controllers: [controller] });
    const device = await connectMqttJs(broker);
    await device.publishAsync('payloads/device', payload);
    expect(await seen.atLeast(1)).toEqual([value]);
  });

  it('a codec of the server, or of one handler, replaces the default', async () => {
    const hexCodec: MqttCodec = {
      encode: (value) => ({ payload: Buffer.from(String(value)).toString('hex') }),
      decode: (payload) => Buffer.from(payload.toString(), 'hex').toString(),
    };
    const own = recorder({ codec: textCodec });
    const inherited = recorder();
    await startServer(
      { ...broker.connection, codec: hexCodec },
      { controllers: [own.controller, inherited.controller] },
    );
    const device = await connectMqttJs(broker);
    await device.publishAsync('payloads/1', '6869');
    expect(await own.seen.atLeast(1)).toEqual(['6869']);
    expect(await inherited.seen.atLeast(1)).toEqual(['hi']);
  });

  it('what cannot be decoded is logged and does not reach the handler', async () => {
    const { seen, controller } = recorder({ codec: jsonCodec });
    await startServer(broker.connection, { controllers: [controller] });
    const device = await connectMqttJs(broker);
    await device.publishAsync('payloads/bad', '{secret');
    await device.publishAsync('payloads/good', '1');
    expect(await seen.atLeast(1)).toEqual([1]);
    expect(transportLogs('error')).toEqual([expect.stringContaining('payloads/bad')]);
    expect(transportLogs('error').join()).not.toContain('secret');
  });

  it('larger ones than maxPayloadBytes are refused before they are decoded', async () => {
    const { seen, controller } = recorder();
    await startServer({ ...broker.connection, maxPayloadBytes: 10 }, { controllers: [controller] });
    const device = await connectMqttJs(broker);
    await device.publishAsync('payloads/large', 'x'.repeat(11));
    await device.publishAsync('payloads/small', 'x'.repeat(10));
    expect(await seen.atLeast(1)).toEqual(['x'.repeat(10)]);
    expect(transportLogs('warn')).toEqual([expect.stringContaining('maxPayloadBytes')]);
  });

  it('events come plain to peers, without any envelope', async () => {
    const peer = await connectMqttJs(broker);
    const messages = await subscribeMqttJs(peer, 'payloads/peer');
    const client = createClient(broker.connection);
    for (const value of [{ a: 1 }, 'text', Buffer.from('bytes'), 7]) await client.publish('payloads/peer', value);
    const payloads = (await messages.atLeast(4)).map(({ payload }) => payload.toString());
    expect(payloads).toEqual(['{"a":1}', 'text', 'bytes', '7']);
  });
});

describeEachBroker(
  'payloads by Content Type',
  (broker) => {
    it.each([
      ['application/json', '"text"', 'text'],
      ['application/json; charset=utf-8', '1', 1],
      ['application/vnd.device+json', '{"a":1}', { a: 1 }],
      ['text/plain', '123', '123'],
      ['text/csv; header=present', '1,2', '1,2'],
      ['application/octet-stream', '123', Buffer.from('123')],
      ['image/png', '123', Buffer.from('123')],
    ])('%s', async (contentType, payload, value) => {
      const { seen, controller } = recorder();
      await startServer(broker.connection, { controllers: [controller] });
      const device = await connectMqttJs(broker);
      await device.publishAsync('payloads/typed', payload, { properties: { contentType } });
      expect(await seen.atLeast(1)).toEqual([value]);
    });

    it.each(VALUES)('%s comes back as it was answered', async (_name, value) => {
      @Controller()
      class Echo {
        @MessagePattern('payloads/echo')
        echo(): unknown {
          return value;
        }
      }

      await startServer(broker.connection, { controllers: [Echo] });
      expect(await firstValueFrom(createClient(broker.connection).send('payloads/echo', {}))).toEqual(value);
    });
  },
  { versions: [5] },
);
