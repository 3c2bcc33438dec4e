import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { firstValueFrom, lastValueFrom, of, toArray } from 'rxjs';
import {
  FeatureNotSupportedError,
  MqttRecordBuilder,
  MqttResponse,
  PublishTo,
  RequestCancelledError,
  RequestTimeoutError,
  type MqttContext,
  type MqttRecordOptions,
} from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { ClientInspection, NOTHING_HELD } from '../../support/client-inspection.js';
import { HeldRuns } from '../../support/held-runs.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

@Controller()
class Answering {
  @MessagePattern('sum', { responseTopic: 'sum/answers' })
  sum(@Payload() numbers: number[]): number {
    return numbers.reduce((a, b) => a + b, 0);
  }

  @PublishTo('double/answers')
  @EventPattern('double')
  double(@Payload() value: number): number {
    return 2 * value;
  }

  @MessagePattern('stream', { responseTopic: 'stream/answers' })
  stream() {
    return of(1, 2, 3);
  }

  @MessagePattern('failing', { responseTopic: 'failing/answers' })
  fails(): never {
    throw new RpcException('no');
  }

  @MessagePattern('silent')
  silent(): string {
    return 'nobody knows where to';
  }

  @MessagePattern('with-properties', { responseTopic: 'with-properties/answers' })
  withProperties(): MqttResponse {
    return new MqttResponse('never sent', { userProperties: { a: 'b' } });
  }

  @MessagePattern('retained', { responseTopic: 'retained/answers' })
  retained(): MqttResponse {
    return new MqttResponse('kept', { qos: 1, retain: true });
  }
}

describeEachBroker(
  'requests on 3.1.1',
  (broker) => {
    it("go in Nest's envelope, and come back in it, unless the caller says otherwise", async () => {
      await startServer(broker.connection, { controllers: [Answering] });
      const peer = await connectMqttJs(broker);
      const seen = await subscribeMqttJs(peer, '#');
      expect(await firstValueFrom(createClient(broker.connection).send('sum', [1, 2]))).toBe(3);
      const [request, reply] = (await seen.atLeast(2)).map(({ topic, payload }) => ({
        topic,
        packet: JSON.parse(payload.toString()) as object,
      }));
      expect(request).toEqual({ topic: 'sum', packet: { pattern: 'sum', data: [1, 2], id: expect.any(String) } });
      const { id } = request!.packet as { id: string };
      expect(reply).toEqual({ topic: 'sum/reply', packet: { response: 3, isDisposed: true, id } });
    });

    it('two callers of one handler share its reply topic, and each gets its own answer', async () => {
      const runs = new HeldRuns<string>();

      @Controller()
      class Held {
        @MessagePattern('held')
        async answer(@Payload() name: string): Promise<string> {
          await runs.hold(name);
          return `for ${name}`;
        }
      }

      await startServer(broker.connection, { controllers: [Held] });
      const answers = ['a', 'b'].map((name) => createClient(broker.connection).request('held', name));
      await runs.started.atLeast(2);
      runs.release('b');
      runs.release('a');
      expect((await Promise.all(answers)).map(({ data }) => data)).toEqual(['for a', 'for b']);
    });

    it.each<[topic: string, data: unknown, answer: unknown, by: string]>([
      ['sum', [1, 2], 3, 'its responseTopic'],
      ['double', 21, 42, '@PublishTo'],
      ['retained', 0, 'kept', 'its responseTopic, retained'],
    ])('plain: "%s" is answered by %4$s', async (topic, data, answer) => {
      await startServer(broker.connection, { controllers: [Answering] });
      const peer = await connectMqttJs(broker);
      const seen = await subscribeMqttJs(peer, topic);
      const client = createClient({ ...broker.connection, envelope: 'plain' });
      const reply = await client.request(topic, data, { responseTopic: `${topic}/answers` });
      expect(reply).toMatchObject({ data: answer, topic: `${topic}/answers` });
      const record = new MqttRecordBuilder(data).setResponseTopic(`${topic}/answers`).build();
      expect(await firstValueFrom(client.send(topic, record))).toBe(answer);
      expect((await seen.atLeast(2)).map(({ payload }) => JSON.parse(payload.toString()) as unknown)).toEqual([
        data,
        data,
      ]);
      expect(new ClientInspection(client).holdings()).toEqual(NOTHING_HELD);
      await peer.publishAsync('retained/answers', '', { retain: true, qos: 1 });
    });

    it('a call that names its responseTopic is plain, without further options', async () => {
      await startServer(broker.connection, { controllers: [Answering] });
      const client = createClient(broker.connection);
      expect((await client.request('sum', [4, 5], { responseTopic: 'sum/answers' })).data).toBe(9);
      expect((await client.request('sum', [4, 5])).data).toBe(9);
    });

    it('plain: one caller at a time waits on a response topic; the next is made when the first has its answer', async () => {
      const runs = new HeldRuns<number>();

      @Controller()
      class Held {
        @MessagePattern('held', { responseTopic: 'held/answers' })
        async answer(@Payload() value: number): Promise<number> {
          await runs.hold(value);
          return value;
        }
      }

      await startServer(broker.connection, { controllers: [Held] });
      const client = createClient(broker.connection);
      const answers = [1, 2, 3].map((value) => client.request('held', value, { responseTopic: 'held/answers' }));
      for (const value of [1, 2, 3]) {
        expect(await runs.started.atLeast(value)).toEqual([1, 2, 3].slice(0, value));
        expect(runs.running).toBe(1);
        runs.release(value);
      }
      expect((await Promise.all(answers)).map(({ data }) => data)).toEqual([1, 2, 3]);
      expect(new ClientInspection(client).holdings()).toEqual(NOTHING_HELD);
    });

    it('plain: who gives up leaves the line, and the next has its turn', async () => {
      const runs = new HeldRuns<number>();

      @Controller()
      class Held {
        @MessagePattern('held', { responseTopic: 'held/answers' })
        async answer(@Payload() value: number): Promise<number> {
          await runs.hold(value);
          return value;
        }
      }

      await startServer({ ...broker.connection, gracefulTimeout: 0 }, { controllers: [Held] });
      const client = createClient(broker.connection);
      const options = { responseTopic: 'held/answers' };
      const abort = new AbortController();
      const first = client.request('held', 1, { ...options, signal: abort.signal });
      const second = client.request('held', 2, { ...options, timeout: 10 });
      const third = client.request('held', 3, options);
      await expect(second).rejects.toThrow(RequestTimeoutError);
      await runs.started.atLeast(1);
      abort.abort();
      await expect(first).rejects.toThrow(RequestCancelledError);
      await runs.started.first((value) => value === 3);
      runs.release(3);
      expect((await third).data).toBe(3);
      expect(runs.started.entries).toEqual([1, 3]);
      expect(new ClientInspection(client).holdings()).toEqual(NOTHING_HELD);
    });

    it('plain: a retained message from before is no answer', async () => {
      await startServer(broker.connection, { controllers: [Answering] });
      const peer = await connectMqttJs(broker);
      await peer.publishAsync('sum/answers', '"stale"', { retain: true, qos: 1 });
      const client = createClient(broker.connection);
      expect((await client.request('sum', [1], { responseTopic: 'sum/answers' })).data).toBe(1);
      await peer.publishAsync('sum/answers', '', { retain: true, qos: 1 });
    });

    it('plain: of a stream the caller gets the first value; nothing tells the others from replies to somebody else', async () => {
      await startServer(broker.connection, { controllers: [Answering] });
      const client = createClient(broker.connection);
      const call = client.send('stream', new MqttRecordBuilder(0).setResponseTopic('stream/answers').build());
      expect(await lastValueFrom(call.pipe(toArray()))).toEqual([1]);
      expect(await lastValueFrom(client.send('stream', 0).pipe(toArray()))).toEqual([1, 2, 3]);
    });

    it('plain: a failure cannot be told from a value, so that none is sent', async () => {
      await startServer(broker.connection, { controllers: [Answering] });
      const client = createClient(broker.connection);
      const answer = client.request('failing', 0, { responseTopic: 'failing/answers', timeout: 50 });
      await expect(answer).rejects.toThrow(RequestTimeoutError);
      await expect(client.request('failing', 0)).rejects.toMatchObject({ data: { status: 'error', message: 'no' } });
    });

    it('plain: a handler that knows nowhere to answer runs, and sends nothing', async () => {
      await startServer(broker.connection, { controllers: [Answering] });
      const peer = await connectMqttJs(broker);
      const seen = await subscribeMqttJs(peer, '#');
      await peer.publishAsync('silent', '1');
      await peer.publishAsync('sum', '[1]');
      expect((await seen.atLeast(3)).map(({ topic }) => topic).toSorted()).toEqual(['silent', 'sum', 'sum/answers']);
    });

    it('a reply with what needs 5.0 is not sent; the log names it', async () => {
      await startServer(broker.connection, { controllers: [Answering] });
      const client = createClient(broker.connection);
      await expect(client.request('with-properties', 0)).rejects.toMatchObject({ code: 'internal' });
      expect(transportLogs('error')).toEqual([expect.stringContaining('userProperties')]);
    });
  },
  { versions: [4] },
);

describe('what needs 5.0 is refused on 3.1.1, by name, before anything is sent', () => {
  const someRecordOptions: [option: string, options: MqttRecordOptions][] = [
    ['userProperties', { userProperties: { a: 'b' } }],
    ['contentType', { contentType: 'text/plain' }],
    ['correlationData', { correlationData: Buffer.from('x') }],
    ['messageExpiryInterval', { messageExpiryInterval: 1 }],
    ['payloadFormatIndicator', { payloadFormatIndicator: true }],
  ];

  it.each([
    ...someRecordOptions.map(([option, options]) => ['request', option, options] as const),
    ...someRecordOptions.map(([option, options]) => ['publish', option, options] as const),
    ['publish', 'responseTopic', { responseTopic: 'answers' }] as const,
  ])('%s() with %s', async (method, option, options) => {
    const client = createClient(connectionTo('mqtt://127.0.0.1:1', 4)); // nobody is there
    const refused = method === 'request' ? client.request('topic', 1, options) : client.publish('topic', 1, options);
    const error: unknown = await refused.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(FeatureNotSupportedError);
    expect(error).toMatchObject({ feature: expect.stringContaining(option) });
  });

  it('a plain request without a responseTopic', async () => {
    const client = createClient({ ...connectionTo('mqtt://127.0.0.1:1', 4), envelope: 'plain' });
    await expect(client.request('topic', 1)).rejects.toThrow(FeatureNotSupportedError);
    await expect(client.request('topic', 1)).rejects.toThrow(/responseTopic/);
  });

  it.each([
    ['nl', { nl: true }],
    ['rap', { rap: true }],
    ['rh', { rh: 1 }],
  ] as const)('messages() with %s', async (option, options) => {
    const client = createClient(connectionTo('mqtt://127.0.0.1:1', 4));
    expect(() => client.messages('topic', options)).toThrow(FeatureNotSupportedError);
    expect(() => client.messages('topic', options)).toThrow(option);
  });

  it('and the connection goes on', async () => {
    const { broker, url } = await startInProcessBroker();
    const published = new Journal<string>();
    broker.on('publish', ({ message }) => published.add(message.topic));
    const client = createClient(connectionTo(url, 4));
    await expect(client.publish('refused', 1, { contentType: 'text/plain' })).rejects.toThrow(FeatureNotSupportedError);
    await client.publish('taken', 1, { qos: 1 });
    expect(published.entries).toEqual(['taken']);
  });
});

describeEachBroker(
  'a context on 3.1.1',
  (broker) => {
    it('has no deadline: signal aborts with the server only', async () => {
      const signals = new Journal<AbortSignal>();

      @Controller()
      class Watching {
        @MessagePattern('watch')
        watch(@Ctx() { signal }: MqttContext): string {
          signals.add(signal);
          return 'seen';
        }
      }

      await startServer(broker.connection, { controllers: [Watching] });
      await createClient(broker.connection).request('watch', 0, { timeout: 1_000 });
      expect(signals.entries[0]!.aborted).toBe(false);
    });
  },
  { versions: [4] },
);
