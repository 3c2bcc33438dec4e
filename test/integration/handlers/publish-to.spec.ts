import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { IPublishPacket } from 'mqtt';
import { firstValueFrom, from, type Observable } from 'rxjs';
import { InvalidOptionsError, InvalidTopicError, jsonCodec, MqttResponse, PublishTo } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, createServer, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { cborCodec } from '../../../sample/02-devices/cbor-codec.js';

@Controller()
class Converting {
  @EventPattern<string>('publish-to/{device}/celsius')
  @PublishTo('publish-to/{device}/fahrenheit', { qos: 1, retain: true })
  @PublishTo('publish-to/out/{device}')
  convert(@Payload() celsius: number): number {
    return celsius * 2 + 30;
  }

  @EventPattern<string>('publish-to/many')
  @PublishTo('publish-to/out')
  many(@Payload() count: number): Observable<number | undefined> {
    return from([1, undefined, ...Array.from({ length: count }, (_, i) => i + 2)]);
  }

  @EventPattern<string>('publish-to/some')
  @PublishTo('publish-to/out')
  async some(@Payload() value: number): Promise<number | undefined> {
    await Promise.resolve();
    return value > 1 ? value : undefined;
  }

  @MessagePattern('publish-to/asked/{device}')
  @PublishTo('publish-to/out')
  asked(@Payload() value: string): string {
    return value.toUpperCase();
  }

  @EventPattern<string>('publish-to/response')
  @PublishTo('publish-to/out', { qos: 0 })
  response(@Payload() value: number): MqttResponse<number> {
    return new MqttResponse(value, { qos: 1 });
  }

  @EventPattern<string>('publish-to/null')
  @PublishTo('publish-to/out')
  nothing(): null {
    return null;
  }

  @EventPattern<string>('publish-to/cbor', { codec: cborCodec })
  @PublishTo('publish-to/out', { codec: jsonCodec })
  translated(@Payload() value: unknown): unknown {
    return value;
  }
}

const texts = (messages: IPublishPacket[]): string[] => messages.map(({ payload }) => payload.toString());

describeEachBroker('@PublishTo (row 19)', (broker) => {
  async function start(filter = 'publish-to/out/#') {
    await startServer(broker.connection, { controllers: [Converting] });
    const peer = await connectMqttJs(broker);
    return { peer, messages: await subscribeMqttJs(peer, filter, { qos: 2 }) };
  }

  it('publishes to every topic that is named, captures filled in, each with its own options', async () => {
    const { peer, messages } = await start('publish-to/#');
    await peer.publishAsync('publish-to/d7/celsius', '21');
    const sent = (await messages.atLeast(3)).map(({ topic, payload, qos }) => `${topic} ${payload.toString()} ${qos}`);
    expect(sent.toSorted()).toEqual([
      'publish-to/d7/celsius 21 0',
      'publish-to/d7/fahrenheit 72 1',
      'publish-to/out/d7 72 0',
    ]);
    const later = await connectMqttJs(broker);
    const kept = await subscribeMqttJs(later, 'publish-to/d7/fahrenheit');
    expect(await kept.atLeast(1)).toMatchObject([{ retain: true, payload: Buffer.from('72') }]);
    await later.publishAsync('publish-to/d7/fahrenheit', '', { qos: 1, retain: true });
  });

  it('every value of an observable, in order; undefined is not published', async () => {
    const { peer, messages } = await start();
    await peer.publishAsync('publish-to/many', '3');
    expect(texts(await messages.atLeast(4))).toEqual(['1', '2', '3', '4']);
  });

  it('a promise: its value, unless it is undefined; null is one', async () => {
    const { peer, messages } = await start();
    for (const value of ['1', '2', '0', '3']) await peer.publishAsync('publish-to/some', value);
    await peer.publishAsync('publish-to/null', '');
    expect(texts(await messages.atLeast(3)).toSorted()).toEqual(['2', '3', 'null']);
  });

  it('beside a reply', async () => {
    const { messages } = await start();
    const reply = await firstValueFrom(createClient(broker.connection).send('publish-to/asked/d7', 'hello'));
    expect(reply).toBe('HELLO');
    expect(texts(await messages.atLeast(1))).toEqual(['HELLO']);
  });

  it('of an MqttResponse its value, its options before those of the decorator', async () => {
    const { peer, messages } = await start();
    await peer.publishAsync('publish-to/response', '5');
    expect(await messages.atLeast(1)).toMatchObject([{ payload: Buffer.from('5'), qos: 1 }]);
  });

  it('with a codec of its own translates', async () => {
    const { messages } = await start();
    await createClient(broker.connection).publish('publish-to/cbor', { a: 1 }, { codec: cborCodec });
    expect(texts(await messages.atLeast(1))).toEqual(['{"a":1}']);
  });
});

function publishingTo(topic: string, options: object = {}): new () => object {
  @Controller()
  class Publishing {
    @EventPattern<string>('in/{id}')
    @PublishTo(topic, options)
    handle(): string {
      return 'x';
    }
  }

  return Publishing;
}

describe.each([5, 4] as const)('@PublishTo that cannot work (version %i)', (protocolVersion) => {
  it.each([
    ['out/+', /wildcards/],
    ['out/#', /wildcards/],
    ['', /empty/],
    ['out-{id}', /whole level/],
    ['out/{other}', /does not capture \{other\}/],
  ])('%j is refused at start', async (topic, problem) => {
    const { url } = await startInProcessBroker();
    const { app } = await createServer(connectionTo(url, protocolVersion), { controllers: [publishingTo(topic)] });
    const refusal = app.listen();
    await expect(refusal).rejects.toBeInstanceOf(InvalidTopicError);
    await expect(refusal).rejects.toThrow(problem);
  });

  it('a topic that captures have left empty is not published; the connection goes on', async () => {
    const { broker, url } = await startInProcessBroker();
    const connection = connectionTo(url, protocolVersion);
    const controllers = [publishingTo('{id}'), publishingTo('done/{id}')];
    await startServer(connection, { controllers });
    const done = broker.waitFor('publish', ({ message }) => message.topic === 'done/');
    const peer = await connectMqttJs(connection);
    let lost = 0;
    broker.on('disconnect', () => lost++);
    await peer.publishAsync('in/', 'x');
    await done;
    expect(transportLogs('error')).toEqual([expect.stringMatching(/not published to "\{id\}".*empty/)]);
    expect(lost).toBe(0);
  });
});

describe('@PublishTo on 3.1.1', () => {
  it('with what only 5.0 has is refused at start, by name', async () => {
    const { url } = await startInProcessBroker();
    const { app } = await createServer(connectionTo(url, 4), {
      controllers: [publishingTo('out', { contentType: 'text/csv' })],
    });
    const refusal = app.listen();
    await expect(refusal).rejects.toBeInstanceOf(InvalidOptionsError);
    await expect(refusal).rejects.toThrow("@PublishTo('out').contentType");
  });
});
