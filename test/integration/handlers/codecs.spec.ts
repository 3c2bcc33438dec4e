import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import {
  AckPolicy,
  MqttRecordBuilder,
  MqttSubscription,
  PayloadDecodeError,
  PayloadEncodeError,
  type MqttCodec,
} from '../../../lib/index.js';
import { acknowledgementsOf } from '../../support/acknowledgements.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { tapWire } from '../../support/wire-tap.js';

/** Marks what it has encoded, and decodes nothing else. */
function markedBy(mark: string): MqttCodec {
  return {
    encode: (value) => ({ payload: `${mark}:${String(value)}`, contentType: `text/${mark}` }),
    decode: (payload) => {
      const text = payload.toString();
      if (!text.startsWith(`${mark}:`)) throw new TypeError(`it is not marked by ${mark}`);
      return text.slice(mark.length + 1);
    },
  };
}

const [server, controller, handler, client, call] = ['server', 'controller', 'handler', 'client', 'call'].map(markedBy);
const LEVELS = { server, controller, handler };

@Controller()
class OfTheServer {
  static readonly seen = new Journal<unknown>();

  @EventPattern('codecs/server/event')
  event(@Payload() data: unknown): void {
    OfTheServer.seen.add(data);
  }

  @MessagePattern('codecs/server/echo', { responseTopic: 'codecs/server/answers' })
  echo(@Payload() data: unknown): unknown {
    return data;
  }
}

@Controller()
@MqttSubscription({ codec: controller! })
class OfTheController {
  static readonly seen = new Journal<unknown>();

  @EventPattern('codecs/controller/event')
  event(@Payload() data: unknown): void {
    OfTheController.seen.add(data);
  }

  @MessagePattern('codecs/controller/echo', { responseTopic: 'codecs/controller/answers' })
  echo(@Payload() data: unknown): unknown {
    return data;
  }

  @EventPattern<string>('codecs/handler/event', { codec: handler! })
  nearest(@Payload() data: unknown): void {
    OfTheController.seen.add(data);
  }

  @MessagePattern('codecs/handler/echo', { codec: handler!, responseTopic: 'codecs/handler/answers' })
  nearestEcho(@Payload() data: unknown): unknown {
    return data;
  }
}

describeEachBroker('codecs (row 24)', (broker) => {
  const version5 = broker.protocolVersion === 5;
  const start = () =>
    startServer({ ...broker.connection, codec: server! }, { controllers: [OfTheServer, OfTheController] });

  it.each(Object.keys(LEVELS) as (keyof typeof LEVELS)[])('of the %s: events', async (level) => {
    const { seen } = level === 'server' ? OfTheServer : OfTheController;
    seen.clear();
    await start();
    await createClient(broker.connection).publish(`codecs/${level}/event`, `${level}:hello`);
    expect(await seen.atLeast(1)).toEqual(['hello']);
  });

  it.each(Object.keys(LEVELS) as (keyof typeof LEVELS)[])('of the %s: requests and their replies', async (level) => {
    await start();
    const peer = await connectMqttJs(broker);
    const answers = await subscribeMqttJs(peer, `codecs/${level}/answers`);
    await peer.publishAsync(`codecs/${level}/echo`, `${level}:hello`);
    const [answer] = await answers.atLeast(1);
    expect(answer!.payload.toString()).toBe(`${level}:hello`);
    expect(answer!.properties?.contentType).toBe(version5 ? `text/${level}` : undefined);
  });

  it('of a client, and of one call, which go before it', async () => {
    const peer = await connectMqttJs(broker);
    const messages = await subscribeMqttJs(peer, 'codecs/out');
    const ours = createClient({ ...broker.connection, codec: client! });
    const publisher = ours.publisher('codecs/out', { codec: call! });
    await ours.publish('codecs/out', 1);
    await firstValueFrom(ours.emit('codecs/out', 2), { defaultValue: undefined });
    await ours.publish('codecs/out', 3, { codec: call! });
    await ours.publish('codecs/out', new MqttRecordBuilder(4).setCodec(call!).build());
    await publisher.publish(5);
    await publisher.publish(6, { codec: client! });
    const sent = (await messages.atLeast(6)).map(({ payload, properties }) => [
      payload.toString(),
      properties?.contentType,
    ]);
    expect(sent).toEqual([
      ['client:1', version5 ? 'text/client' : undefined],
      ['client:2', version5 ? 'text/client' : undefined],
      ['call:3', version5 ? 'text/call' : undefined],
      ['call:4', version5 ? 'text/call' : undefined],
      ['call:5', version5 ? 'text/call' : undefined],
      ['client:6', version5 ? 'text/client' : undefined],
    ]);
  });

  it('of one request decode its reply too', async () => {
    await start();
    const ours = createClient({ ...broker.connection, codec: client! });
    for (const level of ['server', 'controller', 'handler'] as const) {
      // on 3.1.1 a request that names its response topic is a plain one, without Nest's envelope
      const responseTopic = version5 ? {} : { responseTopic: `codecs/${level}/answers` };
      const options = { codec: LEVELS[level]!, ...responseTopic };
      expect((await ours.request(`codecs/${level}/echo`, 'hi', options)).data).toBe('hi');
    }
  });

  it('of ad-hoc subscriptions: the client’s, or their own', async () => {
    const ours = createClient({ ...broker.connection, codec: client! });
    const peer = await connectMqttJs(broker);
    const seen = new Journal<unknown>();
    for (const [topic, options] of [
      ['codecs/a', {}],
      ['codecs/b', { codec: call! }],
    ] as const) {
      await peer.publishAsync(topic, topic.endsWith('a') ? 'client:a' : 'call:b', { qos: 1, retain: true });
      const { data } = await firstValueFrom(ours.messages(topic, options));
      seen.add(data);
      await peer.publishAsync(topic, '', { qos: 1, retain: true });
    }
    expect(seen.entries).toEqual(['a', 'b']);
  });

  it.each([
    [AckPolicy.ACK, version5 ? 'PUBACK 0x00' : 'PUBACK'],
    [AckPolicy.REJECT_ON_ERROR, version5 ? 'PUBACK 0x83' : 'PUBACK'],
  ])(
    'what cannot be decoded: a typed error that names topic and content type, and the policy %s decides',
    async (ackPolicy, word) => {
      const tap = await tapWire(broker.connection);
      const { seen } = OfTheServer;
      seen.clear();
      const subscribeOptions = { qos: 1, ackPolicy } as const;
      await startServer({ ...tap.connection, codec: server!, subscribeOptions }, { controllers: [OfTheServer] });
      const peer = await connectMqttJs(broker);
      const typed = version5 ? { properties: { contentType: 'text/strange' } } : {};
      await peer.publishAsync('codecs/server/event', 'secret', { qos: 1, ...typed });
      await peer.publishAsync('codecs/server/event', 'server:good', { qos: 1 });
      expect(await seen.atLeast(1)).toEqual(['good']);
      await tap.packets.until(
        () => acknowledgementsOf(tap, 'codecs/server/event').length === 2,
        'both acknowledgements',
      );
      expect(acknowledgementsOf(tap, 'codecs/server/event')[0]!.split(' "')[0]).toBe(word);
      const [line] = transportLogs('error');
      expect(line).toContain('codecs/server/event');
      expect(line).toContain('cannot be decoded');
      expect(line).toContain(version5 ? 'as text/strange' : 'as the codec expects');
      expect(line).not.toContain('secret');
    },
  );

  it('what cannot be decoded or encoded on the side of the client: typed errors too', async () => {
    await start();
    const ours = createClient({ ...broker.connection, codec: client! });
    const responseTopic = version5 ? {} : { responseTopic: 'codecs/server/answers' };
    const unreadable: MqttCodec = { encode: server!.encode, decode: call!.decode };
    const reply = ours.request('codecs/server/echo', 'hi', { codec: unreadable, ...responseTopic });
    await expect(reply).rejects.toBeInstanceOf(PayloadDecodeError);
    await expect(reply).rejects.toMatchObject({ contentType: version5 ? 'text/server' : undefined });
    const failing: MqttCodec = {
      encode: () => {
        throw new TypeError('it has no bytes');
      },
      decode: (payload) => payload,
    };
    const sent = ours.publish('codecs/out', 1, { codec: failing });
    await expect(sent).rejects.toBeInstanceOf(PayloadEncodeError);
    await expect(sent).rejects.toMatchObject({ topic: 'codecs/out' });
    await expect(sent).rejects.toThrow('it has no bytes');
  });

  it('bytes of every value survive, as views into larger buffers too, and are not changed', async () => {
    const seen = new Journal<unknown>();

    @Controller()
    class Binary {
      @EventPattern('codecs/bytes')
      handle(@Payload() data: unknown): void {
        seen.add(data);
      }
    }

    await startServer(broker.connection, { controllers: [Binary] });
    const all = Uint8Array.from({ length: 512 }, (_unused, i) => i);
    const view = all.subarray(100, 400);
    const before = Buffer.from(view);
    const ours = createClient(broker.connection);
    await ours.publish('codecs/bytes', view);
    await ours.publish('codecs/bytes', Buffer.from(all));
    const [first, second] = await seen.atLeast(2);
    expect(first).toEqual(before);
    expect(second).toEqual(Buffer.from(all));
    expect(Buffer.from(view)).toEqual(before);
  });
});
