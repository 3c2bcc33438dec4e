import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import type { IPublishPacket } from 'mqtt';
import {
  concat,
  defer,
  delay,
  EMPTY,
  finalize,
  lastValueFrom,
  NEVER,
  of,
  range,
  Subject,
  take,
  throwError,
  toArray,
} from 'rxjs';
import type { MqttContext } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';

@Controller()
class Streams {
  @MessagePattern('stream/at-once')
  atOnce() {
    return range(1, 5);
  }

  @MessagePattern('stream/slowly')
  slowly() {
    return concat(...[1, 2, 3, 4, 5].map((value) => of(value).pipe(delay(2))));
  }

  @MessagePattern('stream/of-one')
  ofOne() {
    return of(1).pipe(delay(2));
  }

  @MessagePattern('stream/empty')
  empty() {
    return EMPTY;
  }

  @MessagePattern('stream/broken')
  broken() {
    return concat(
      of(1, 2),
      throwError(() => new RpcException('broken')),
    );
  }
}

function endsStream({ properties }: IPublishPacket): boolean {
  return JSON.stringify(properties?.userProperties ?? {}).includes(';');
}

describeEachBroker(
  'streams',
  (broker) => {
    it.each(['stream/at-once', 'stream/slowly'])('%s: five values arrive in order, then the end', async (pattern) => {
      await startServer(broker.connection, { controllers: [Streams] });
      const values = createClient(broker.connection).send(pattern, {}).pipe(toArray());
      expect(await lastValueFrom(values)).toEqual([1, 2, 3, 4, 5]);
    });

    it('of one value look like a single reply, of none like no value', async () => {
      await startServer(broker.connection, { controllers: [Streams] });
      const client = createClient(broker.connection);
      expect(await lastValueFrom(client.send('stream/of-one', {}).pipe(toArray()))).toEqual([1]);
      expect(await lastValueFrom(client.send('stream/empty', {}).pipe(toArray()))).toEqual([]);
    });

    it('that fail give their values, then the error', async () => {
      await startServer(broker.connection, { controllers: [Streams] });
      const seen: unknown[] = [];
      const values = createClient(broker.connection).send('stream/broken', {});
      const ended = new Promise((resolve) => values.subscribe({ next: (value) => seen.push(value), error: resolve }));
      expect(await ended).toEqual({ status: 'error', message: 'broken' });
      expect(seen).toEqual([1, 2]);
    });

    it('by the wire contract: numbered from 0, the last one marked, the control topic on the first', async () => {
      await startServer(broker.connection, { controllers: [Streams] });
      const peer = await connectMqttJs(broker);
      const replies = await subscribeMqttJs(peer, 'answers');
      const request = { responseTopic: 'answers', correlationData: Buffer.from('c') };
      await peer.publishAsync('stream/slowly', '', { properties: request });
      const all = await replies.until((entries) => entries.some(endsStream), 'the last value');
      const marks = all.map(({ properties }) => properties!.userProperties!);
      expect(marks.slice(0, 4).map((mark) => mark['nest-stream'])).toEqual(['0', '1', '2', '3']);
      expect(all.map(({ payload }) => payload.toString()).join()).toMatch(/^1,2,3,4,5,?$/);
      expect(marks.at(-1)!['nest-stream']).toMatch(/^(4;last|5;end)$/);
      expect(marks.filter((mark) => 'nest-control' in mark)).toEqual([marks[0]]);
    });

    it('end where they run when the caller unsubscribes', async () => {
      const ended = new Journal<string>();

      @Controller()
      class Endless {
        @MessagePattern<string>('stream/endless')
        endless(@Payload() name: string, @Ctx() context: MqttContext) {
          context.signal.addEventListener('abort', () => ended.add(`${name} aborted`));
          return concat(of(1, 2), NEVER).pipe(finalize(() => ended.add(`${name} unsubscribed`)));
        }
      }

      await startServer(broker.connection, { controllers: [Endless] });
      const client = createClient(broker.connection);
      expect(await lastValueFrom(client.send('stream/endless', 'a').pipe(take(2), toArray()))).toEqual([1, 2]);
      expect((await ended.atLeast(2)).toSorted()).toEqual(['a aborted', 'a unsubscribed']);
    });

    it('of several callers do not mix', async () => {
      const sources = new Map([1, 2, 3].map((id) => [id, new Subject<string>()]));
      const started = new Journal<number>();

      @Controller()
      class Feeds {
        @MessagePattern('feed')
        feed(@Payload() id: number) {
          return defer(() => {
            started.add(id);
            return sources.get(id)!;
          });
        }
      }

      await startServer(broker.connection, { controllers: [Feeds] });
      const client = createClient(broker.connection);
      const streams = [...sources.keys()].map((id) => lastValueFrom(client.send('feed', id).pipe(toArray())));
      await started.atLeast(3);
      for (let i = 0; i < 5; i++) for (const [id, source] of sources) source.next(`${id}:${i}`);
      for (const source of sources.values()) source.complete();
      expect(await Promise.all(streams)).toEqual([1, 2, 3].map((id) => [0, 1, 2, 3, 4].map((i) => `${id}:${i}`)));
    });
  },
  { versions: [5] },
);
