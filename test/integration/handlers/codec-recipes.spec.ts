import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { encode } from 'cborg';
import protobuf from 'protobufjs';
import { PublishTo, type MqttCodec } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { cborCodec } from '../../../sample/02-devices/cbor-codec.js';
import { protobufCodec } from './recipes/protobuf-codec.js';

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Query { string device = 1; }
  message Reading { string device = 1; double celsius = 2; bytes raw = 3; repeated int32 history = 4; }
`);
const query = root.lookupType('Query');
const reading = root.lookupType('Reading');

describeEachBroker('codec recipes (row 24)', (broker) => {
  const version5 = broker.protocolVersion === 5;
  const answersOn = (topic: string): { responseTopic?: string } => (version5 ? {} : { responseTopic: topic });

  it('CBOR: values, bytes among them, on the wire as other programs read and write them', async () => {
    const seen = new Journal<unknown>();

    @Controller()
    class Devices {
      @EventPattern<string>('recipes/cbor/in', { codec: cborCodec })
      @PublishTo('recipes/cbor/out')
      handle(@Payload() data: { raw: Uint8Array }): unknown {
        seen.add(data);
        return { length: data.raw.length };
      }

      @MessagePattern('recipes/cbor/echo', { codec: cborCodec, responseTopic: 'recipes/cbor/answers' })
      echo(@Payload() data: unknown): unknown {
        return data;
      }
    }

    await startServer(broker.connection, { controllers: [Devices] });
    const device = await connectMqttJs(broker);
    const out = await subscribeMqttJs(device, 'recipes/cbor/out');
    const value = { id: 7, raw: new Uint8Array([0, 255, 1]), nested: [1.5, 'zwölf', null, true] };
    await device.publishAsync('recipes/cbor/in', Buffer.from(encode(value)));
    expect(await seen.atLeast(1)).toEqual([value]);
    const [message] = await out.atLeast(1);
    expect(message!.payload).toEqual(Buffer.from(encode({ length: 3 })));
    expect(message!.properties?.contentType).toBe(version5 ? 'application/cbor' : undefined);

    const client = createClient(broker.connection);
    const options = { codec: cborCodec, ...answersOn('recipes/cbor/answers') };
    expect((await client.request('recipes/cbor/echo', value, options)).data).toEqual(value);
  });

  it('Protobuf: one type for what comes, one for what goes; a value that is no such message is refused', async () => {
    const codec = protobufCodec(query, reading);

    @Controller()
    class Devices {
      @MessagePattern('recipes/protobuf/latest', { codec, responseTopic: 'recipes/protobuf/answers' })
      latest(@Payload() { device }: { device: string }): unknown {
        return { device, celsius: 21.5, raw: Buffer.from([0, 255]), history: [20, 21] };
      }
    }

    await startServer(broker.connection, { controllers: [Devices] });
    const client = createClient(broker.connection);
    const callerCodec: MqttCodec = protobufCodec(reading, query);
    const options = { codec: callerCodec, ...answersOn('recipes/protobuf/answers') };
    const reply = await client.request('recipes/protobuf/latest', { device: 'd7' }, options);
    expect(reply.data).toEqual({ device: 'd7', celsius: 21.5, raw: Buffer.from([0, 255]), history: [20, 21] });
    expect(reply.contentType).toBe(version5 ? 'application/x-protobuf; messageType="Reading"' : undefined);
    await expect(client.publish('recipes/protobuf/latest', { device: 7 }, { codec: callerCodec })).rejects.toThrow(
      'device: string expected',
    );
  });

  it('what is neither CBOR nor Protobuf does not reach the handler', async () => {
    const seen = new Journal<unknown>();

    @Controller()
    class Devices {
      @EventPattern<string>('recipes/bad/cbor', { codec: cborCodec })
      cbor(@Payload() data: unknown): void {
        seen.add(data);
      }

      @EventPattern<string>('recipes/bad/protobuf', { codec: protobufCodec(query) })
      protobuf(@Payload() data: unknown): void {
        seen.add(data);
      }
    }

    await startServer(broker.connection, { controllers: [Devices] });
    const device = await connectMqttJs(broker);
    await device.publishAsync('recipes/bad/cbor', Buffer.from([0x9f, 1]));
    await device.publishAsync('recipes/bad/protobuf', Buffer.from([0x0a, 0x7f, 1]));
    await device.publishAsync('recipes/bad/cbor', Buffer.from(encode('good')));
    expect(await seen.atLeast(1)).toEqual(['good']);
    expect(transportLogs('error')).toEqual([
      expect.stringContaining('recipes/bad/cbor'),
      expect.stringContaining('recipes/bad/protobuf'),
    ]);
  });
});
