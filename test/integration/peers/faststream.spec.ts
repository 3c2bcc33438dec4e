import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { MqttResponse, MqttSubscription, type MqttContext } from '../../../lib/index.js';
import { describeEachBroker, type BrokerUnderTest } from '../../support/broker-matrix.js';
import { eventually } from '../../support/deadline.js';
import { describeWithFastStream, startFastStream } from '../../support/faststream.js';
import { Journal } from '../../support/journal.js';
import { createClient, startServer } from '../../support/nest-application.js';

const BYTES = Buffer.from([0, 255, 1, 254]);

/** What goes through both unchanged; as FastStream tells of it. */
const BODIES: readonly [kind: string, body: unknown, atFastStream: unknown][] = [
  ['JSON', { celsius: 21, tags: ['a', 'b'] }, { celsius: 21, tags: ['a', 'b'] }],
  ['text', 'grüße', 'grüße'],
  ['bytes', BYTES, { base64: BYTES.toString('base64') }],
];

interface SeenEvent {
  readonly topic: string;
  readonly data: unknown;
  readonly headers: object;
}

function nestService(): { events: Journal<SeenEvent>; controller: new () => object } {
  const events = new Journal<SeenEvent>();

  @Controller()
  class Service {
    @MessagePattern('nest/echo', { qos: 1 })
    echo(@Payload() data: unknown): unknown {
      return data;
    }

    @MessagePattern('nest/headers')
    headers(@Ctx() { userProperties }: MqttContext): MqttResponse {
      return new MqttResponse({ got: userProperties }, { userProperties: { from: 'nest' }, qos: 1 });
    }

    @MessagePattern('nest/double', { responseTopic: 'nest/double/answers' })
    double(@Payload() value: number): number {
      return 2 * value;
    }

    @EventPattern<string>('nest/events/+', { qos: 1 })
    event(@Payload() data: unknown, @Ctx() context: MqttContext): void {
      events.add({ topic: context.getTopic(), data, headers: { ...context.userProperties } });
    }

    @MqttSubscription({ shared: 'mixed', qos: 1 })
    @EventPattern<string>('mixed/+')
    member(@Payload() data: unknown, @Ctx() context: MqttContext): void {
      events.add({ topic: context.getTopic(), data, headers: {} });
    }
  }
  return { events, controller: Service };
}

function itExchangesEvents(broker: BrokerUnderTest): void {
  it('publish and subscribe: JSON, text and bytes, both ways', async () => {
    const peer = await startFastStream(broker.connection);
    const { events: seen, controller } = nestService();
    await startServer(broker.connection, { controllers: [controller] });
    const client = createClient(broker.connection);
    for (const [kind, body] of BODIES) {
      await client.publish(`fs/events/${kind}`, body, { qos: 1 });
      await peer.publish(`nest/events/${kind}`, body, { qos: 1 });
    }
    const there = (await peer.events.atLeast(BODIES.length)).map(({ topic, body }) => [topic, body] as const);
    const here = (await seen.atLeast(BODIES.length)).map(({ topic, data }) => [topic, data] as const);
    expect(Object.fromEntries(there)).toEqual(
      Object.fromEntries(BODIES.map(([kind, , body]) => [`fs/events/${kind}`, body])),
    );
    expect(Object.fromEntries(here)).toEqual(
      Object.fromEntries(BODIES.map(([kind, body]) => [`nest/events/${kind}`, body])),
    );
  });

  it('one shared group with a Nest and a FastStream member: each message goes to one of them', async () => {
    const peer = await startFastStream(broker.connection);
    const { events: seen, controller } = nestService();
    await startServer(broker.connection, { controllers: [controller] });
    const client = createClient(broker.connection);
    const jobs = Array.from({ length: 40 }, (_, job) => job);
    for (const job of jobs) await client.publish(`mixed/${job}`, job, { qos: 1 });
    await eventually(() => seen.size + peer.events.size >= jobs.length, 'all jobs are handled');
    const handled = [...seen.entries.map(({ data }) => data), ...peer.events.entries.map(({ body }) => body)];
    expect((handled as number[]).toSorted((a, b) => a - b)).toEqual(jobs);
    expect(Math.min(seen.size, peer.events.size)).toBeGreaterThan(0);
  });
}

describeWithFastStream('FastStream', () => {
  describeEachBroker(
    'on 5.0',
    (broker) => {
      itExchangesEvents(broker);

      it.each(BODIES)('its handler answers our request: %s', async (_kind, body) => {
        await startFastStream(broker.connection);
        const client = createClient(broker.connection);
        expect((await client.request('fs/echo', body, { qos: 1 })).data).toEqual(body);
        expect(await firstValueFrom(client.send('fs/echo', body as object))).toEqual(body);
      });

      it.each(BODIES)('our handler answers its request: %s', async (_kind, body, atFastStream) => {
        const peer = await startFastStream(broker.connection);
        await startServer(broker.connection, { controllers: [nestService().controller] });
        const reply = await peer.request('nest/echo', body, { qos: 1, correlation_id: 'mine' });
        expect(reply).toMatchObject({ body: atFastStream, correlationId: 'mine' });
      });

      it('headers are User Properties, in requests and replies, both ways', async () => {
        const peer = await startFastStream(broker.connection);
        await startServer(broker.connection, { controllers: [nestService().controller] });
        const client = createClient(broker.connection);
        const ours = await client.request('fs/headers', 1, { userProperties: { site: 'A' } });
        expect(ours.data).toEqual({ got: { site: 'A' } });
        expect({ ...ours.userProperties }).toEqual({ from: 'faststream' });
        const theirs = await peer.request('nest/headers', 1, { headers: { site: 'B' }, correlation_id: 'c-7' });
        expect(theirs).toMatchObject({ body: { got: { site: 'B' } }, headers: { from: 'nest' }, correlationId: 'c-7' });
      });

      it('a hundred requests at once, each with its own answer, both ways', async () => {
        const peer = await startFastStream(broker.connection);
        await startServer(broker.connection, { controllers: [nestService().controller] });
        const client = createClient(broker.connection);
        const numbers = Array.from({ length: 100 }, (_, i) => i);
        const [ours, theirs] = await Promise.all([
          Promise.all(numbers.map(async (i) => (await client.request('fs/echo', { i })).data)),
          Promise.all(numbers.map(async (i) => (await peer.request('nest/echo', { i })).body)),
        ]);
        expect(ours).toEqual(numbers.map((i) => ({ i })));
        expect(theirs).toEqual(numbers.map((i) => ({ i })));
      });
    },
    { versions: [5] },
  );

  describeEachBroker(
    'on 3.1.1',
    (broker) => {
      itExchangesEvents(broker);

      it('its handler answers our plain request, on a topic that both know', async () => {
        await startFastStream(broker.connection);
        const client = createClient({ ...broker.connection, envelope: 'plain' });
        expect((await client.request('fs/double', 21, { responseTopic: 'fs/double/answers' })).data).toBe(42);
      });

      it('our handler answers its request, on a topic that both know', async () => {
        const peer = await startFastStream(broker.connection);
        await startServer(broker.connection, { controllers: [nestService().controller] });
        expect(await peer.request('nest/double', 21, { reply_to: 'nest/double/answers' })).toMatchObject({ body: 42 });
      });
    },
    { versions: [4] },
  );
});
