import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern, RpcException } from '@nestjs/microservices';
import type { IPublishPacket } from 'mqtt';
import {
  concat,
  concatMap,
  delay,
  EMPTY,
  from,
  ignoreElements,
  lastValueFrom,
  NEVER,
  of,
  range,
  Subject,
  take,
  throwError,
  timer,
  toArray,
  type Observable,
} from 'rxjs';
import { MqttResponse } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { ClientInspection } from '../../support/client-inspection.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

const SOON = timer(2).pipe(ignoreElements());

/** A reply has gone out: what a stream waits for before it goes on, so that no value is in hand with what comes after it. */
const replied = new Subject<void>();
const REPLIED = replied.pipe(take(1), ignoreElements());

interface Row {
  readonly handler: string;
  readonly returns: () => unknown;
  /** Payload and `nest-stream` or `nest-error` of each reply. */
  readonly packets: readonly [payload: string, stream?: string, error?: string][];
}

const ERROR = '{"status":"error","message":"broken"}';
const fail = () => throwError(() => new RpcException('broken'));

/** The wire contract by example. */
const ROWS: readonly Row[] = [
  { handler: 'a value', returns: () => 1, packets: [['1']] },
  { handler: 'nothing', returns: () => undefined, packets: [['', '0;end']] },
  { handler: 'a stream of one', returns: () => of(1), packets: [['1']] },
  { handler: 'a stream of one, later', returns: () => of(1).pipe(delay(2)), packets: [['1']] },
  {
    handler: 'a stream of one that stays open a while',
    returns: () => concat(of(1), REPLIED),
    packets: [
      ['1', '0'],
      ['', '1;end'],
    ],
  },
  { handler: 'a stream of none', returns: () => EMPTY, packets: [['', '0;end']] },
  { handler: 'a stream of none, later', returns: () => SOON, packets: [['', '0;end']] },
  {
    handler: 'three at once',
    returns: () => of(1, 2, 3),
    packets: [
      ['1', '0'],
      ['2', '1'],
      ['3', '2;last'],
    ],
  },
  {
    handler: 'three, one after the other, then the end',
    returns: () => concat(of(1), REPLIED, of(2), REPLIED, of(3), REPLIED),
    packets: [
      ['1', '0'],
      ['2', '1'],
      ['3', '2'],
      ['', '3;end'],
    ],
  },
  {
    handler: 'a promise of a stream',
    returns: () => Promise.resolve(of('a', 'b')),
    packets: [
      ['a', '0'],
      ['b', '1;last'],
    ],
  },
  { handler: 'a failure', returns: fail, packets: [[ERROR, undefined, 'rpc']] },
  { handler: 'a failure later', returns: () => concat(SOON, fail()), packets: [[ERROR, undefined, 'rpc']] },
  {
    handler: 'two values and a failure',
    returns: () => concat(of(1, 2), fail()),
    packets: [
      ['1', '0'],
      ['2', '1'],
      [ERROR, undefined, 'rpc'],
    ],
  },
  {
    handler: 'two values and a failure later',
    returns: () => concat(of(1, 2), REPLIED, fail()),
    packets: [
      ['1', '0'],
      ['2', '1'],
      [ERROR, undefined, 'rpc'],
    ],
  },
  {
    handler: 'a value that cannot be encoded',
    returns: () => of(1, 2n, 3),
    packets: [
      ['1', '0'],
      ['{"status":"error","message":"Internal server error"}', undefined, 'internal'],
    ],
  },
];

function isLastOfStream({ properties }: IPublishPacket): boolean {
  const { 'nest-stream': stream, 'nest-error': error } = { ...properties?.userProperties };
  return error !== undefined || stream === undefined || stream.includes(';');
}

function controllerOf(returns: () => unknown): new () => object {
  @Controller()
  class Streaming {
    @MessagePattern('stream')
    stream(): unknown {
      return returns();
    }
  }
  return Streaming;
}

describeEachBroker(
  'streams on the wire',
  (broker) => {
    it.each(ROWS)('$handler', async ({ returns, packets }) => {
      await startServer({ ...broker.connection, publishOptions: { qos: 1 } }, { controllers: [controllerOf(returns)] });
      const peer = await connectMqttJs(broker);
      const replies = await subscribeMqttJs(peer, 'answers', { qos: 1 });
      peer.on('message', () => replied.next());
      const correlationData = Buffer.from('mine');
      await peer.publishAsync('stream', '', { properties: { responseTopic: 'answers', correlationData } });
      const all = await replies.until((seen) => seen.some(isLastOfStream), 'the last reply');
      const seen = all.map(({ payload, properties }) => {
        const { 'nest-stream': stream, 'nest-error': error } = { ...properties?.userProperties };
        return [payload.toString(), stream, error];
      });
      expect(seen).toEqual(packets.map(([payload, stream, error]) => [payload, stream, error]));
      for (const { properties } of all) expect(properties!.correlationData).toEqual(correlationData);
      const announcing = all.filter(({ properties }) => properties?.userProperties?.['nest-control'] !== undefined);
      expect(announcing.every((packet) => packet === all[0])).toBe(true);
    });

    it("a value's own User Properties stand beside the marks", async () => {
      const values = of(new MqttResponse(1, { userProperties: { unit: 'K' } }), 2);
      await startServer(broker.connection, { controllers: [controllerOf(() => values)] });
      const peer = await connectMqttJs(broker);
      const replies = await subscribeMqttJs(peer, 'answers');
      const correlationData = Buffer.from('mine');
      await peer.publishAsync('stream', '', { properties: { responseTopic: 'answers', correlationData } });
      const [first, second] = await replies.atLeast(2);
      const responder = first!.properties!.userProperties!['nest-responder'];
      expect(responder).toMatch(/^[0-9a-f]{16}$/);
      const [one, two] = [first!, second!].map(({ properties }) => ({ ...properties!.userProperties }));
      expect(one).toEqual({ unit: 'K', 'nest-stream': '0', 'nest-responder': responder });
      expect(two).toEqual({ 'nest-stream': '1;last', 'nest-responder': responder });
    });

    it('ten thousand values arrive in order, at a slow consumer too', async () => {
      const count = 10_000;
      const options = { ...broker.connection, publishOptions: { qos: 1 as const } };
      await startServer(options, { controllers: [controllerOf(() => range(0, count))] });
      const call: Observable<number> = createClient(broker.connection).send<number>('stream', 0);
      const slowly = call.pipe(
        concatMap(async (value) => (value % 100 ? value : new Promise((done) => setImmediate(done, value)))),
      );
      expect(await lastValueFrom(slowly.pipe(toArray()))).toEqual(Array.from({ length: count }, (_, i) => i));
    });
  },
  { versions: [5] },
);

describe('faults of the broker in a stream', () => {
  it.each([0, 1] as const)('values that arrive twice are heard once (QoS %i)', async (qos) => {
    const { broker, url } = await startInProcessBroker();
    const values = from([1, 2, 3, 4]).pipe(concatMap((value) => of(value).pipe(delay(1))));
    await startServer({ ...connectionTo(url), publishOptions: { qos } }, { controllers: [controllerOf(() => values)] });
    broker.faults.duplicate('out', { cmd: 'publish', topic: 'reply/#' });
    const client = createClient(connectionTo(url));
    expect(await lastValueFrom(client.send('stream', 0).pipe(toArray()))).toEqual([1, 2, 3, 4]);
  });

  it('the end arrives twice: the second is late, and does nothing', async () => {
    const { broker, url } = await startInProcessBroker();
    await startServer(connectionTo(url), { controllers: [controllerOf(() => of(1, 2))] });
    broker.faults.duplicate('out', { cmd: 'publish', topic: 'reply/#' });
    const client = createClient(connectionTo(url));
    expect(await lastValueFrom(client.send('stream', 0).pipe(toArray()))).toEqual([1, 2]);
    await client.publish('marker', 1, { qos: 1 });
    expect(new ClientInspection(client).lateReplies).toBe(1);
  });

  it('the broker refuses the control topic: streams run without, and later ones ask again', async () => {
    const { broker, url } = await startInProcessBroker();
    const controls = new Journal<string | undefined>();
    broker.on('publish', ({ message }) => {
      const marks = message.properties?.userProperties as Record<string, string> | undefined;
      if (marks?.['nest-stream'] !== '0') return;
      controls.add(marks['nest-control']);
      replied.next();
    });
    const heal = broker.faults.refuseSubscriptions(({ filter }) => filter.startsWith('control/'), 0x87);
    await startServer(connectionTo(url), { controllers: [controllerOf(() => concat(of(1), REPLIED))] });
    const client = createClient(connectionTo(url));
    expect(await lastValueFrom(client.send('stream', 0).pipe(toArray()))).toEqual([1]);
    heal();
    expect(await lastValueFrom(client.send('stream', 0).pipe(toArray()))).toEqual([1]);
    expect(controls.entries).toEqual([undefined, expect.stringMatching(/^control\//)]);
  });

  it('a caller that has gone before the first value stops the stream by it', async () => {
    const { broker, url } = await startInProcessBroker();
    const cancelled = broker.waitFor('publish', ({ message }) => message.topic.startsWith('control/'));
    await startServer(connectionTo(url), { controllers: [controllerOf(() => concat(timer(300), NEVER))] });
    const client = createClient(connectionTo(url));
    await client.connect();
    const asked = broker.waitFor('publish', ({ message }) => message.topic === 'stream');
    const subscription = client.send('stream', 0).subscribe();
    await asked;
    subscription.unsubscribe();
    expect((await cancelled).message.payload).toHaveLength(0);
  });
});
