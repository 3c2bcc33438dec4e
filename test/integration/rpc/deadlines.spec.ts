import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import type { IPublishPacket } from 'mqtt';
import { firstValueFrom } from 'rxjs';
import {
  ConnectionRefusedError,
  RequestCancelledError,
  RequestTimeoutError,
  type MqttContext,
} from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { logs, type LogLine } from '../../support/logs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

/** A handler that answers when the test says so. */
function patient(): { asked: Journal<unknown>; answer: (value: unknown) => void; controller: new () => object } {
  const asked = new Journal<unknown>();
  let answer: ((value: unknown) => void) | undefined;

  @Controller()
  class Patient {
    @MessagePattern('patient')
    handle(@Payload() data: unknown): Promise<unknown> {
      asked.add(data);
      return new Promise((resolve) => (answer = resolve));
    }

    @MessagePattern('echo')
    echo(@Payload() data: unknown): unknown {
      return data;
    }
  }

  return { asked, answer: (value) => answer?.(value), controller: Patient };
}

const dropped = ({ level, message }: LogLine): boolean => level === 'debug' && message.includes('dropped');

describeEachBroker(
  'deadlines',
  (broker) => {
    it('a handler that never answers: RequestTimeoutError, which names topic and time', async () => {
      const { controller } = patient();
      await startServer({ ...broker.connection, gracefulTimeout: 0 }, { controllers: [controller] });
      const client = createClient({ ...broker.connection, requestTimeout: 50 });
      const error: unknown = await firstValueFrom(client.send('patient', 1)).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(RequestTimeoutError);
      expect(error).toMatchObject({ topic: 'patient', timeout: 50, code: 'ERR_MQTT_REQUEST_TIMEOUT' });
    });

    it('the time of one request goes before that of the client', async () => {
      const { controller } = patient();
      await startServer({ ...broker.connection, gracefulTimeout: 0 }, { controllers: [controller] });
      const client = createClient({ ...broker.connection, requestTimeout: 600_000 });
      await expect(client.request('patient', 1, { timeout: 20 })).rejects.toMatchObject({ timeout: 20 });
    });

    it.each([2 ** 31, Number.MAX_SAFE_INTEGER, Infinity])(
      'a time of %d ms, longer than a timer of Node, does not end at once: of client, request and handler',
      async (long) => {
        const { answer, asked, controller } = patient();
        const options = { ...broker.connection, handlerTimeout: long, gracefulTimeout: 0 };
        await startServer(options, { controllers: [controller] });
        for (const [client, timeout] of [
          [createClient({ ...broker.connection, requestTimeout: long }), undefined],
          [createClient(broker.connection), long],
        ] as const) {
          const answered = client.request('patient', 'long', { timeout });
          await asked.first((data) => data === 'long');
          // a timer of a tenth of that time has fired meanwhile, and so would one of 1 ms
          await expect(client.request('nobody', 1, { timeout: 10 })).rejects.toThrow(RequestTimeoutError);
          answer('in time');
          expect((await answered).data).toBe('in time');
          asked.clear();
        }
      },
    );

    it('a server that may take any time to close waits for its handlers', async () => {
      const { answer, asked, controller } = patient();
      const { app } = await startServer(
        { ...broker.connection, gracefulTimeout: 2 ** 31 },
        { controllers: [controller] },
      );
      const client = createClient(broker.connection);
      const answered = client.request('patient', 1);
      await asked.atLeast(1);
      const closed = app.close();
      await expect(client.request('nobody', 1, { timeout: 10 })).rejects.toThrow(RequestTimeoutError);
      answer('in time');
      expect((await answered).data).toBe('in time');
      await closed;
    });

    it('the broker is told of the longest expiry that there is, or of none for a request without end', async () => {
      const { controller } = patient();
      await startServer(broker.connection, { controllers: [controller] });
      const seen = await subscribeMqttJs(await connectMqttJs(broker), 'echo');
      const client = createClient(broker.connection);
      await client.request('echo', 1, { timeout: Number.MAX_SAFE_INTEGER });
      await client.request('echo', 2, { timeout: Infinity });
      const [long, endless] = await seen.atLeast(2);
      expect(long!.properties?.messageExpiryInterval).toBeGreaterThan(0xffff_ff00);
      expect(endless!.properties).not.toHaveProperty('messageExpiryInterval');
    });

    it('a late reply is dropped, and the next request gets its own', async () => {
      const { answer, asked, controller } = patient();
      await startServer(broker.connection, { controllers: [controller] });
      const client = createClient(broker.connection);
      await client.request('echo', 'the inbox is there'); // so that the next request is written at once
      const late = client.request('patient', 1, { timeout: 50, messageExpiryInterval: 600 });
      await expect(late).rejects.toThrow(RequestTimeoutError);
      await asked.atLeast(1);
      answer('late');
      await logs.first(({ level, message }) => level === 'debug' && message.includes('is late'));
      expect((await client.request('echo', 'in time')).data).toBe('in time');
    });

    it('replies for nobody are dropped: foreign, without Correlation Data, and twice the same', async () => {
      const peer = await connectMqttJs(broker);
      const requests = await subscribeMqttJs(peer, 'peer/echo', { qos: 1 });
      const client = createClient(broker.connection);
      const answer = client.request('peer/echo', 1);
      const [{ properties }] = (await requests.atLeast(1)) as [IPublishPacket];
      const { responseTopic, correlationData } = properties!;
      await peer.publishAsync(responseTopic!, '"nobody’s"');
      await peer.publishAsync(responseTopic!, '"foreign"', { properties: { correlationData: Buffer.from('x') } });
      await peer.publishAsync(responseTopic!, '"right"', { properties: { correlationData } });
      await peer.publishAsync(responseTopic!, '"again"', { properties: { correlationData } });
      expect((await answer).data).toBe('right');
      await logs.until((lines) => lines.filter(dropped).length === 3, 'three dropped replies');
    });

    it('the broker is told how long a request may wait, and the reply inherits what remains', async () => {
      const { controller } = patient();
      await startServer(broker.connection, { controllers: [controller] });
      const peer = await connectMqttJs(broker);
      const seen = await subscribeMqttJs(peer, '#');
      await createClient(broker.connection).request('echo', 1, { timeout: 100_000 });
      const expiries = (await seen.atLeast(2)).map(({ properties }) => properties!.messageExpiryInterval!);
      for (const expiry of expiries) {
        expect(expiry).toBeGreaterThan(80);
        expect(expiry).toBeLessThanOrEqual(100);
      }
    });

    it('nothing is sent when nothing of the request’s time remains; its handler is told', async () => {
      const aborted = new Journal<string>();

      @Controller()
      class Slow {
        @MessagePattern('slow')
        async handle(@Ctx() { signal }: MqttContext): Promise<string> {
          await new Promise<void>((resolve) => {
            signal.addEventListener('abort', () => resolve());
          });
          aborted.add((signal.reason as Error).message);
          return 'too late';
        }

        @MessagePattern('echo')
        echo(@Payload() data: unknown): unknown {
          return data;
        }
      }

      await startServer(broker.connection, { controllers: [Slow] });
      const peer = await connectMqttJs(broker);
      const answers = await subscribeMqttJs(peer, 'answers');
      const properties = { responseTopic: 'answers', messageExpiryInterval: 1 };
      await peer.publishAsync('slow', '1', { properties });
      expect(await aborted.atLeast(1)).toEqual(['The message has expired.']);
      await peer.publishAsync('echo', 'marker', { properties: { responseTopic: 'answers' } });
      expect((await answers.atLeast(1)).map(({ payload }) => payload.toString())).toEqual(['marker']);
    });

    it('an abort signal cancels a request', async () => {
      const { asked, controller } = patient();
      await startServer({ ...broker.connection, gracefulTimeout: 0 }, { controllers: [controller] });
      const abort = new AbortController();
      const answer = createClient(broker.connection).request('patient', 1, { signal: abort.signal });
      await asked.atLeast(1);
      abort.abort(new Error('no longer wanted'));
      const error: unknown = await answer.catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(RequestCancelledError);
      expect(error).toMatchObject({ topic: 'patient', cause: { message: 'no longer wanted' } });
    });
  },
  { versions: [5] },
);

describe('the deadline runs from send()', () => {
  it('covers connecting: a request whose time was up is never written', async () => {
    const { broker, url } = await startInProcessBroker();
    const published = new Journal<string>();
    broker.on('publish', ({ message }) => published.add(message.topic));
    const heal = broker.faults.withhold('out', 'connack');
    const client = createClient({ ...connectionTo(url), connectTimeout: 300 });
    await expect(client.request('a', 1, { timeout: 50, qos: 1 })).rejects.toThrow(RequestTimeoutError);
    heal();
    await client.publish('marker', 1, { qos: 1 });
    expect(published.entries).toEqual(['marker']);
  });

  it('covers subscribing to the inbox', async () => {
    const { broker, url } = await startInProcessBroker();
    broker.faults.withhold('out', 'suback');
    await expect(createClient(connectionTo(url)).request('a', 1, { timeout: 50 })).rejects.toThrow(RequestTimeoutError);
  });

  it('a connection that is refused for good ends the request at once', async () => {
    const { broker, url } = await startInProcessBroker();
    broker.faults.refuseConnections(0x87);
    await expect(createClient(connectionTo(url)).request('a', 1)).rejects.toThrow(ConnectionRefusedError);
  });
});
