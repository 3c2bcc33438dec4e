import { describe, expect, it } from '@jest/globals';
import { Controller, ParseIntPipe } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import {
  InvalidTopicError,
  Topic,
  TopicParam,
  type MqttContext,
  type MqttSubscriptionOptions,
} from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { createClient, createServer, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

interface Captured {
  readonly params: Readonly<Record<string, string>>;
  readonly topic: string;
}

function capturing(
  pattern: string | string[],
  options: MqttSubscriptionOptions = {},
): { seen: Journal<Captured>; controller: new () => object } {
  const seen = new Journal<Captured>();

  @Controller()
  class Capturing {
    @EventPattern<string | string[]>(pattern, options)
    handle(@TopicParam() params: Record<string, string>, @Topic() topic: string): void {
      seen.add({ params, topic });
    }
  }

  return { seen, controller: Capturing };
}

describeEachBroker('named captures (rows 13 and 14)', (broker) => {
  it.each<[what: string, pattern: string, options: MqttSubscriptionOptions, topic: string, params: object]>([
    ['one', 'captures/{id}/on', {}, 'captures/7/on', { id: '7' }],
    ['several', 'captures/{site}/x/{id}', {}, 'captures/north/x/7', { site: 'north', id: '7' }],
    ['beside + and #', 'captures/{site}/+/{id}/#', {}, 'captures/north/hall/7/a/b', { site: 'north', id: '7' }],
    ['at the first level', '{tenant}/captures', {}, 'acme/captures', { tenant: 'acme' }],
    ['of an empty level', 'captures/{id}/empty', {}, 'captures//empty', { id: '' }],
    ['beside doubled braces', 'captures/{{x}}/{id}', {}, 'captures/{x}/7', { id: '7' }],
    ['doubled braces alone', 'captures/{{{{x}}}}', {}, 'captures/{{x}}', {}],
    ['behind a prefix', 'captures/{id}', { prefix: 'site/7/' }, 'site/7/captures/9', { id: '9' }],
    ['in a prefix too', 'captures/{id}', { prefix: 'sites/{site}/' }, 'sites/7/captures/9', { site: '7', id: '9' }],
    ['in a group', 'captures/{id}/shared', { shared: 'workers' }, 'captures/7/shared', { id: '7' }],
    ['in a group that is written', '$share/workers/captures/{id}/written', {}, 'captures/7/written', { id: '7' }],
    [
      'in a group behind a prefix',
      'captures/{id}',
      { shared: 'g', prefix: 'p/{a}/' },
      'p/1/captures/2',
      { a: '1', id: '2' },
    ],
    [
      'named like what every object has',
      'captures/{constructor}/{toString}',
      {},
      'captures/a/b',
      { constructor: 'a', toString: 'b' },
    ],
  ])('%s', async (_what, pattern, options, topic, params) => {
    const { seen, controller } = capturing(pattern, options);
    await startServer(broker.connection, { controllers: [controller] });
    const device = await connectMqttJs(broker);
    await device.publishAsync(topic, 'x');
    const [captured] = await seen.atLeast(1);
    expect({ ...captured!.params }).toEqual(params);
    expect(captured!.topic).toBe(topic);
  });

  it('of each pattern of one handler', async () => {
    const { seen, controller } = capturing(['captures/old/{id}', 'captures/new/{site}/{id}']);
    await startServer(broker.connection, { controllers: [controller] });
    const device = await connectMqttJs(broker);
    await device.publishAsync('captures/old/1', 'x');
    await device.publishAsync('captures/new/north/2', 'x');
    expect((await seen.atLeast(2)).map(({ params }) => ({ ...params }))).toEqual([
      { id: '1' },
      { site: 'north', id: '2' },
    ]);
  });

  it('with pipes; a value that a pipe refuses does not reach the handler', async () => {
    const seen = new Journal<unknown>();

    @Controller()
    class Channels {
      // only the second one has the other two
      @EventPattern<string[]>(['captures/{device}/channels/{channel}', 'captures/none/{absent}/{hasOwnProperty}/of'])
      handle(
        @TopicParam('device') device: string,
        @TopicParam('channel', ParseIntPipe) channel: number,
        @TopicParam('absent') absent: string | undefined,
        @TopicParam('hasOwnProperty') inherited: unknown,
      ): void {
        seen.add([device, channel, absent, inherited]);
      }
    }

    await startServer(broker.connection, { controllers: [Channels] });
    const device = await connectMqttJs(broker);
    await device.publishAsync('captures/d7/channels/two', 'x');
    await device.publishAsync('captures/d7/channels/2', 'x');
    expect(await seen.atLeast(1)).toEqual([['d7', 2, undefined, undefined]]);
  });

  it('of requests, whose most specific handler answers', async () => {
    @Controller()
    class Devices {
      @MessagePattern('captures/{id}/state')
      any(@TopicParam('id', ParseIntPipe) id: number, @Payload() data: string): string {
        return `${data} ${id + 1}`;
      }

      @MessagePattern('captures/hub/state')
      hub(@Ctx() context: MqttContext): unknown {
        return { ...context.params };
      }
    }

    await startServer(broker.connection, { controllers: [Devices] });
    const client = createClient(broker.connection);
    expect(await firstValueFrom(client.send('captures/41/state', 'next is'))).toBe('next is 42');
    expect(await firstValueFrom(client.send('captures/hub/state', 'x'))).toEqual({});
  });

  it('the braces of an object pattern are none', async () => {
    @Controller()
    class Commands {
      @MessagePattern({ cmd: '{id}' })
      command(@TopicParam() params: Record<string, string>, @Topic() topic: string): unknown {
        return [{ ...params }, topic];
      }
    }

    await startServer(broker.connection, { controllers: [Commands] });
    const reply = await firstValueFrom(createClient(broker.connection).send({ cmd: '{id}' }, 'x'));
    expect(reply).toEqual([{}, '{"cmd":"{id}"}']);
  });
});

describe.each([5, 4] as const)('a pattern that is no template is refused at start (version %i)', (protocolVersion) => {
  it.each([
    ['device-{id}', /must be a whole level.*\{\{ or \}\}/],
    ['a/{id}/b/{id}', /captures \{id\} twice.*another name/],
    ['a/{id', /must be a whole level/],
    ['a/id}', /must be a whole level/],
    ['a/{}', /must be a whole level/],
    ['a/{two words}', /letters, digits, _ and \$ only.*unlike \{two words\}/],
    ['{a}/#/b', /# must be the whole last level/],
    ['{a}/b+', /\+ must be a whole level/],
  ])('%s', async (pattern, remedy) => {
    const { url } = await startInProcessBroker();
    const { controller } = capturing(pattern, { prefix: 'p/' });
    const { app } = await createServer(connectionTo(url, protocolVersion), { controllers: [controller] });
    const error: unknown = await app.listen().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InvalidTopicError);
    expect((error as Error).message).toMatch(remedy);
    expect((error as Error).message).toContain(pattern.replace('{a}', ''));
  });
});
