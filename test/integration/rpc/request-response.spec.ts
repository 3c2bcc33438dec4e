import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { InvalidMessageException } from '@nestjs/microservices/errors/invalid-message.exception.js';
import { firstValueFrom, lastValueFrom, of, toArray } from 'rxjs';
import { MqttRecordBuilder, MqttResponse, NoMatchingSubscribersError } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';

@Controller()
class Calculator {
  @MessagePattern('sum')
  sum(@Payload() numbers: number[]): number {
    return numbers.reduce((a, b) => a + b, 0);
  }

  @MessagePattern('sum/promise')
  sumLater(@Payload() numbers: number[]): Promise<number> {
    return Promise.resolve(this.sum(numbers));
  }

  @MessagePattern('sum/observable')
  sumObserved(@Payload() numbers: number[]) {
    return of(this.sum(numbers));
  }

  @MessagePattern('nothing')
  nothing(): void {}

  @MessagePattern('null')
  nothingAtAll(): null {
    return null;
  }

  @MessagePattern({ cmd: 'double' })
  double(@Payload() value: number): number {
    return 2 * value;
  }

  @MessagePattern('firmware')
  firmware(): MqttResponse {
    return new MqttResponse(Buffer.from([1, 2, 3]), {
      qos: 1,
      contentType: 'application/zip',
      userProperties: { version: '7.2' },
    });
  }

  @MessagePattern('silent', { noReply: true })
  silent(): string {
    return 'nobody hears this';
  }
}

describeEachBroker(
  'request and response',
  (broker) => {
    it.each(['sum', 'sum/promise', 'sum/observable'])('%s: the handler answers with one value', async (pattern) => {
      await startServer(broker.connection, { controllers: [Calculator] });
      const answers = createClient(broker.connection).send<number>(pattern, [1, 2, 3]);
      expect(await lastValueFrom(answers.pipe(toArray()))).toEqual([6]);
    });

    it.each([0, 1, 2] as const)('works at QoS %i, and the reply comes with it', async (qos) => {
      await startServer({ ...broker.connection, subscribeOptions: { qos } }, { controllers: [Calculator] });
      const client = createClient({ ...broker.connection, publishOptions: { qos } });
      const reply = await client.request<number>('sum', [1, 2]);
      expect(reply.data).toBe(3);
      expect(reply.packet.qos).toBe(Math.min(qos, 1)); // the inbox is subscribed at QoS 1
    });

    it('an object pattern means the same on both sides', async () => {
      await startServer(broker.connection, { controllers: [Calculator] });
      expect(await firstValueFrom(createClient(broker.connection).send({ cmd: 'double' }, 21))).toBe(42);
    });

    it('a handler that returns nothing completes the answer without a value', async () => {
      await startServer(broker.connection, { controllers: [Calculator] });
      const client = createClient(broker.connection);
      expect(await lastValueFrom(client.send('nothing', 1).pipe(toArray()))).toEqual([]);
      expect((await client.request('nothing', 1)).data).toBeUndefined();
    });

    it('null is a value', async () => {
      await startServer(broker.connection, { controllers: [Calculator] });
      expect(await lastValueFrom(createClient(broker.connection).send('null', 1).pipe(toArray()))).toEqual([null]);
    });

    it('request() gives the reply with all that came with it', async () => {
      await startServer(broker.connection, { controllers: [Calculator] });
      const reply = await createClient(broker.connection).request('firmware', {});
      expect(reply).toMatchObject({
        data: Buffer.from([1, 2, 3]),
        contentType: 'application/zip',
        userProperties: { version: '7.2' },
        packet: { qos: 1, retain: false },
      });
      expect(reply.topic).toMatch(/^reply\//);
      expect(reply.correlationData).toHaveLength(16);
    });

    it('a request is made when the observable is subscribed, and made again when it is subscribed again', async () => {
      await startServer(broker.connection, { controllers: [Calculator] });
      const peer = await connectMqttJs(broker);
      const requests = await subscribeMqttJs(peer, 'sum');
      const answer = createClient(broker.connection).send<number>('sum', [1]);
      await peer.publishAsync('sum', '[0]');
      await requests.atLeast(1);
      expect(await firstValueFrom(answer)).toBe(1);
      expect(await firstValueFrom(answer)).toBe(1);
      expect((await requests.atLeast(3)).map(({ payload }) => payload.toString())).toEqual(['[0]', '[1]', '[1]']);
    });

    it('a record can be sent many times', async () => {
      await startServer(broker.connection, { controllers: [Calculator] });
      const client = createClient(broker.connection);
      const record = new MqttRecordBuilder([1, 2]).setQoS(1).setUserProperties({ site: '7' }).build();
      for (let i = 0; i < 3; i++) expect(await firstValueFrom(client.send('sum', record))).toBe(3);
    });

    it('by the wire contract: bare value, Response Topic, 16 bytes of Correlation Data; reply with the same bytes and no mark', async () => {
      await startServer(broker.connection, { controllers: [Calculator] });
      const peer = await connectMqttJs(broker);
      const seen = await subscribeMqttJs(peer, '#');
      await createClient(broker.connection).request('sum', [1, 2], { qos: 1 });
      const [request, reply] = await seen.atLeast(2);
      expect([request!.topic, request!.payload.toString()]).toEqual(['sum', '[1,2]']);
      const { responseTopic, correlationData, contentType } = request!.properties!;
      expect([correlationData!.length, contentType]).toEqual([16, 'application/json']);
      expect([reply!.topic, reply!.payload.toString()]).toEqual([responseTopic, '3']);
      expect(reply!.properties!.correlationData).toEqual(correlationData);
      expect(reply!.properties!.userProperties).toBeUndefined();
      expect(reply!.properties!.responseTopic).toBeUndefined();
    });

    it('a peer that names no Response Topic is served, and nothing is sent', async () => {
      await startServer(broker.connection, { controllers: [Calculator] });
      const peer = await connectMqttJs(broker);
      const seen = await subscribeMqttJs(peer, '#');
      await peer.publishAsync('sum', '[1]', { qos: 1 });
      await createClient(broker.connection).request('sum', [2]);
      const topics = (await seen.atLeast(3)).map(({ topic }) => topic);
      expect(topics).toEqual(['sum', 'sum', expect.stringMatching(/^reply\//)]);
    });

    it('noReply: the return value is not sent', async () => {
      await startServer(broker.connection, { controllers: [Calculator] });
      const peer = await connectMqttJs(broker);
      const seen = await subscribeMqttJs(peer, 'answers');
      await peer.publishAsync('silent', '1', { properties: { responseTopic: 'answers' } });
      await peer.publishAsync('sum', '[1]', { properties: { responseTopic: 'answers' } });
      expect((await seen.atLeast(1)).map(({ payload }) => payload.toString())).toEqual(['1']);
    });

    it('a request that nobody subscribes to fails at once, when the broker says so', async () => {
      const answer = createClient(broker.connection).request('nobody/here', 1, { qos: 1 });
      await expect(answer).rejects.toThrow(NoMatchingSubscribersError);
    });

    it('send() refuses what Nest refuses: no pattern, no data', async () => {
      const client = createClient(broker.connection);
      await expect(firstValueFrom(client.send(undefined, 1))).rejects.toThrow(InvalidMessageException);
      await expect(firstValueFrom(client.send('sum', undefined))).rejects.toThrow(InvalidMessageException);
    });
  },
  { versions: [5] },
);
