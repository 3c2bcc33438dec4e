import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import {
  Ctx,
  EventPattern,
  MessagePattern,
  MqttContext as NestMqttContext,
  MqttRecordBuilder as NestMqttRecordBuilder,
  Payload,
  RpcException,
} from '@nestjs/microservices';
import { concat, delay, EMPTY, lastValueFrom, of, throwError, type Observable } from 'rxjs';
import { MqttRecordBuilder } from '../../../lib/index.js';
import { describeEachBroker, type BrokerUnderTest } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createBuiltInClient, startBuiltInServer } from '../../support/nest-built-in.js';
import { createClient, startServer } from '../../support/nest-application.js';
import type { TestConnection } from '../../support/test-broker.js';

/** What handlers saw of events, and of the User Properties of requests. */
const seen = new Journal<unknown>();

@Controller()
class Service {
  @MessagePattern('sum')
  sum(@Payload() numbers: number[]): number {
    return numbers.reduce((a, b) => a + b, 0);
  }

  @MessagePattern('sum/later')
  async sumLater(@Payload() numbers: number[]): Promise<number> {
    return this.sum(numbers);
  }

  @MessagePattern({ cmd: 'sum', version: 2 })
  sumByObject(@Payload() numbers: number[]): object {
    return { sum: this.sum(numbers) };
  }

  @MessagePattern('rooms/+/light')
  light(@Payload() on: boolean, @Ctx() context: NestMqttContext): string {
    return `${context.getTopic()} ${on ? 'on' : 'off'}`;
  }

  @MessagePattern('tree/#')
  tree(@Ctx() context: NestMqttContext): string {
    seen.add(context.getTopic());
    return context.getTopic();
  }

  @MessagePattern('$share/workers/shared')
  shared(@Payload() value: number): number {
    return 2 * value;
  }

  @MessagePattern('nothing')
  nothing(): void {}

  @MessagePattern('nullable')
  nothingAtAll(): null {
    return null;
  }

  @MessagePattern('stream')
  stream() {
    return of(1, 2, 3).pipe(delay(1));
  }

  @MessagePattern('stream/of-one')
  streamOfOne() {
    return of('only');
  }

  @MessagePattern('stream/empty')
  streamOfNone() {
    return EMPTY;
  }

  @MessagePattern('stream/gaps')
  streamWithUndefined() {
    return of(1, undefined, 3).pipe(delay(1));
  }

  @MessagePattern('fail/text')
  failText(): never {
    throw new RpcException('no such order');
  }

  @MessagePattern('fail/object')
  failObject(): never {
    throw new RpcException({ code: 404, order: 7 });
  }

  @MessagePattern('fail/unknown')
  failUnknown(): never {
    throw new TypeError('not for callers');
  }

  @MessagePattern('fail/in-stream')
  failInStream() {
    return concat(
      of(1, 2).pipe(delay(1)),
      throwError(() => new RpcException('broken off')),
    );
  }

  @MessagePattern('properties')
  properties(@Ctx() context: NestMqttContext): object {
    const { properties, qos } = context.getPacket() as { properties?: { userProperties?: object }; qos: number };
    return { qos, ...properties?.userProperties };
  }

  @EventPattern('event')
  event(@Payload() data: unknown): void {
    seen.add(data);
  }

  @EventPattern<string>('events/+/happened')
  someEvent(@Payload() data: unknown, @Ctx() context: NestMqttContext): void {
    seen.add([context.getTopic(), data]);
  }

  @EventPattern({ happened: 'it' })
  eventByObject(@Payload() data: unknown): void {
    seen.add(data);
  }

  @EventPattern('$share/workers/shared-event')
  sharedEvent(@Payload() data: unknown): void {
    seen.add(data);
  }
}

/** Values, then the error or 'complete'. */
async function whole(call: Observable<unknown>): Promise<unknown[]> {
  const values: unknown[] = [];
  return new Promise((resolve) => {
    call.subscribe({
      next: (value) => values.push(value),
      error: (error: unknown) => resolve([...values, { error }]),
      complete: () => resolve([...values, 'complete']),
    });
  });
}

const MASKED = { status: 'error', message: 'Internal server error' };

/** What a caller gets; the same whoever asks whom. */
const CALLS: readonly [title: string, pattern: unknown, data: unknown, heard: unknown[]][] = [
  ['a value', 'sum', [1, 2, 3], [6, 'complete']],
  ['a promise', 'sum/later', [1, 2, 3], [6, 'complete']],
  ['an object pattern', { cmd: 'sum', version: 2 }, [1, 2], [{ sum: 3 }, 'complete']],
  ['an object pattern, keys in another order', { version: 2, cmd: 'sum' }, [1, 2], [{ sum: 3 }, 'complete']],
  ['a + wildcard', 'rooms/7/light', true, ['rooms/7/light on', 'complete']],
  ['false as data', 'rooms/7/light', false, ['rooms/7/light off', 'complete']],
  ['a # wildcard', 'tree/a/b', 0, ['tree/a/b', 'complete']],
  ['a $share pattern', 'shared', 21, [42, 'complete']],
  ['nothing', 'nothing', 0, ['complete']],
  ['null', 'nullable', 0, [null, 'complete']],
  ['a stream', 'stream', 0, [1, 2, 3, 'complete']],
  ['a stream of one', 'stream/of-one', 0, ['only', 'complete']],
  ['a stream of none', 'stream/empty', 0, ['complete']],
  ['an RpcException with a text', 'fail/text', 0, [{ error: { status: 'error', message: 'no such order' } }]],
  ['an RpcException with an object', 'fail/object', 0, [{ error: { code: 404, order: 7 } }]],
  ['an unknown exception', 'fail/unknown', 0, [{ error: MASKED }]],
  ['an error in mid-stream', 'fail/in-stream', 0, [1, 2, { error: { status: 'error', message: 'broken off' } }]],
];

const EVENTS: readonly [title: string, pattern: unknown, data: unknown, handled: unknown][] = [
  ['an object', 'event', { celsius: 21 }, { celsius: 21 }],
  ['a text', 'event', 'hello', 'hello'],
  ['a number', 'event', 7, 7],
  ['a + wildcard', 'events/7/happened', 'x', ['events/7/happened', 'x']],
  ['an object pattern', { happened: 'it' }, [1], [1]],
  ['a $share pattern', 'shared-event', { a: 1 }, { a: 1 }],
];

/** What every client of Nest can do. */
interface Asking {
  send(pattern: unknown, data: unknown): Observable<unknown>;
  emit(pattern: unknown, data: unknown): Observable<unknown>;
}

interface Pair {
  readonly title: string;
  readonly serve: (connection: TestConnection) => Promise<unknown>;
  readonly connect: (connection: TestConnection) => Asking;
}

const PAIRS: readonly Pair[] = [
  {
    title: "Nest's client asks our server",
    serve: (connection) => startServer(connection, { controllers: [Service] }),
    connect: createBuiltInClient,
  },
  {
    title: "our client asks Nest's server",
    serve: (connection) => startBuiltInServer(connection, { controllers: [Service] }),
    connect: (connection) =>
      createClient({ ...connection, ...(connection.protocolVersion === 5 && { envelope: 'nest' }) }),
  },
  {
    title: 'our client asks our server, in the envelope',
    serve: (connection) => startServer(connection, { controllers: [Service] }),
    connect: (connection) => createClient({ ...connection, envelope: 'nest' }),
  },
  {
    title: 'our client asks our server, by default',
    serve: (connection) => startServer(connection, { controllers: [Service] }),
    connect: createClient,
  },
];

function theyUnderstandEachOther(broker: BrokerUnderTest): void {
  describe.each(PAIRS)('$title', ({ serve, connect }) => {
    it('every kind of request', async () => {
      await serve(broker.connection);
      const client = connect(broker.connection);
      const heard: Record<string, unknown> = {};
      for (const [what, pattern, data] of CALLS) heard[what] = await whole(client.send(pattern, data));
      expect(heard).toEqual(Object.fromEntries(CALLS.map(([what, , , expected]) => [what, expected])));
    });

    it('every kind of event', async () => {
      seen.clear();
      await serve(broker.connection);
      const client = connect(broker.connection);
      for (const [i, [, pattern, data]] of EVENTS.entries()) {
        await lastValueFrom(client.emit(pattern, data), { defaultValue: undefined });
        await seen.atLeast(i + 1);
      }
      expect(seen.entries).toEqual(EVENTS.map(([, , , handled]) => handled));
    });

    it('many requests at once, each with its own answer', async () => {
      await serve(broker.connection);
      const client = connect(broker.connection);
      const answers = Array.from({ length: 50 }, (_, i) => lastValueFrom(client.send('sum', [i, 1])));
      expect(await Promise.all(answers)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    });

    it("Nest's MqttRecordBuilder", async () => {
      await serve(broker.connection);
      const userProperties = broker.protocolVersion === 5 ? { site: 'A' } : undefined;
      const record = () => {
        // a new one for each message: Nest's client takes the options out of what it is given
        const builder = new NestMqttRecordBuilder([1, 2]).setQoS(1);
        return (userProperties ? builder.setProperties({ userProperties }) : builder).build();
      };
      const client = connect(broker.connection);
      expect(await lastValueFrom(client.send('sum', record()))).toBe(3);
      expect(await lastValueFrom(client.send('properties', record()))).toMatchObject({ ...userProperties });
    });
  });
}

describeEachBroker("Nest's wire format", (broker) => {
  theyUnderstandEachOther(broker);

  it.each(PAIRS.slice(0, 3))('$title: a stream with undefined in it', async ({ serve, connect }) => {
    await serve(broker.connection);
    const call = connect(broker.connection).send('stream/gaps', 0);
    expect(await whole(call)).toEqual([1, undefined, 3, 'complete']);
  });

  it("our MqttRecordBuilder asks Nest's server", async () => {
    await startBuiltInServer(broker.connection, { controllers: [Service] });
    const client = createClient({ ...broker.connection, envelope: 'nest' });
    const builder = new MqttRecordBuilder([1, 2]).setQoS(1);
    const record = (broker.protocolVersion === 5 ? builder.setUserProperties({ site: 'A' }) : builder).build();
    expect(await lastValueFrom(client.send('sum', record))).toBe(3);
    expect(await lastValueFrom(client.send('properties', record))).toMatchObject(
      broker.protocolVersion === 5 ? { site: 'A' } : {},
    );
  });

  it('a handler with wildcards does not run for the replies to its callers', async () => {
    seen.clear();
    await startServer(broker.connection, { controllers: [Service] });
    const client = createBuiltInClient(broker.connection);
    expect(await lastValueFrom(client.send('tree/a', 0))).toBe('tree/a');
    expect(await lastValueFrom(client.send('tree/b', 0))).toBe('tree/b');
    expect(seen.entries).toEqual(['tree/a', 'tree/b']);
  });

  it('one server answers each in the format that it was asked in', async () => {
    await startServer(broker.connection, { controllers: [Service] });
    const peer = await connectMqttJs(broker);
    const packets = await subscribeMqttJs(peer, '#');
    const ours: Asking = createClient(broker.connection);
    const nests: Asking = createBuiltInClient(broker.connection);
    const answers = [ours, nests, ours, nests].map((client, i) => lastValueFrom(client.send('sum', [i, i])));
    expect(await Promise.all(answers)).toEqual([0, 2, 4, 6]);
    await packets.atLeast(8);
    const replies = packets.entries.filter(({ topic }) => topic.includes('reply'));
    const formats = replies.map(({ payload }) => typeof JSON.parse(payload.toString())).toSorted();
    expect(formats).toEqual(
      broker.protocolVersion === 5 ? ['number', 'number', 'object', 'object'] : Array(4).fill('object'),
    );
  });

  it("a device's { id, data } is no envelope", async () => {
    seen.clear();
    await startServer(broker.connection, { controllers: [Service] });
    const peer = await connectMqttJs(broker);
    const devices = [
      { id: '7', data: 21 },
      { pattern: 'zigzag', data: 1 },
      { id: '7', pattern: { a: 1 }, data: 2 },
    ];
    for (const data of devices) await peer.publishAsync('event', JSON.stringify(data));
    expect(await seen.atLeast(3)).toEqual(devices);
  });
});
