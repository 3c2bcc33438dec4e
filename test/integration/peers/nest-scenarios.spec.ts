import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import {
  Ctx,
  EventPattern,
  MessagePattern,
  MqttRecordBuilder as NestMqttRecordBuilder,
  Payload,
  type ClientProxy,
  type MqttContext,
} from '@nestjs/microservices';
import { from, lastValueFrom, Observable, of, scan, take, toArray } from 'rxjs';
import { MqttRecordBuilder } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { freePort } from '../../support/free-port.js';
import { Journal } from '../../support/journal.js';
import { createBuiltInClient, startBuiltInServer } from '../../support/nest-built-in.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, type TestConnection } from '../../support/test-broker.js';

/*
 * What Nest tests of its own MQTT transport, in words of our own: integration/microservices/e2e/{sum-mqtt,broadcast-mqtt,
 * mqtt-record-builder,disconnected-client}.spec.ts of nestjs/nest. Each with either side swapped for this package's.
 */

const events = new Journal<string>();

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

@Controller()
class Service {
  @MessagePattern({ cmd: 'sum' })
  sum(@Payload() numbers: number[]): number {
    return sumOf(numbers);
  }

  @MessagePattern({ cmd: 'asyncSum' })
  async asyncSum(@Payload() numbers: number[]): Promise<number> {
    return Promise.resolve(sumOf(numbers));
  }

  @MessagePattern({ cmd: 'streamSum' })
  streamSum(@Payload() numbers: number[]): Observable<number> {
    return of(sumOf(numbers));
  }

  @MessagePattern({ cmd: 'streaming' })
  streaming(@Payload() numbers: number[]): Observable<number> {
    return from(numbers);
  }

  @MessagePattern({ cmd: 'broadcast' })
  broadcast(): Observable<number> {
    return new Observable((observer) => observer.next(1)); // goes on until its caller has enough
  }

  @MessagePattern('record-builder-duplex')
  duplex(@Payload() data: object, @Ctx() context: MqttContext): object {
    return { data, qos: context.getPacket().qos };
  }

  @EventPattern('notification')
  notification(@Payload() data: boolean): void {
    events.add(`notification ${data}`);
  }

  // what `#` covers takes in the topic of the replies as well: Nest's own server runs the handler for each of them

  @MessagePattern('wildcard-message/#')
  wildcardMessage(@Payload() data: number[]): number | undefined {
    return Array.isArray(data) ? sumOf(data) : undefined;
  }

  @MessagePattern('wildcard-message2/+/test')
  wildcardMessage2(@Payload() data: number[]): number {
    return sumOf(data);
  }

  @EventPattern('wildcard-event/#')
  wildcardEvent(@Payload() data: boolean): void {
    events.add(`wildcard-event ${data}`);
  }

  @EventPattern('wildcard-event2/+/test')
  wildcardEvent2(@Payload() data: boolean): void {
    events.add(`wildcard-event2 ${data}`);
  }

  @MessagePattern('$share/group/shared-message/#')
  sharedMessage(@Payload() data: number[]): number | undefined {
    return Array.isArray(data) ? sumOf(data) : undefined;
  }

  @MessagePattern('$share/group/shared-message2/+/test')
  sharedMessage2(@Payload() data: number[]): number {
    return sumOf(data);
  }

  @EventPattern('$share/group/shared-event/#')
  sharedEvent(@Payload() data: boolean): void {
    events.add(`shared-event ${data}`);
  }

  @EventPattern('$share/group/shared-event2/+/test')
  sharedEvent2(@Payload() data: boolean): void {
    events.add(`shared-event2 ${data}`);
  }
}

type Side = 'ours' | "Nest's";
/** What both clients are to an application. */
type Proxy = Pick<ClientProxy, 'connect' | 'send' | 'emit'>;

/** @param server whose the other side is: Nest's own server understands Nest's envelope alone */
function clientOf(side: Side, connection: TestConnection, server: Side): Proxy {
  if (side === "Nest's") return createBuiltInClient(connection);
  return createClient(server === 'ours' ? connection : { ...connection, envelope: 'nest' });
}

async function serve(side: Side, connection: TestConnection): Promise<void> {
  const subscribeOptions = { qos: 1 } as const;
  const metadata = { controllers: [Service] };
  if (side === 'ours') await startServer({ ...connection, subscribeOptions, gracefulTimeout: 100 }, metadata);
  else await startBuiltInServer(connection, metadata, subscribeOptions);
}

for (const server of ['ours', "Nest's"] as const) {
  for (const client of ['ours', "Nest's"] as const) {
    describeEachBroker(`Nest's scenarios: server ${server}, client ${client}`, (broker) => {
      async function start(): Promise<Proxy> {
        events.clear();
        await serve(server, broker.connection);
        const proxy = clientOf(client, broker.connection, server);
        await proxy.connect();
        return proxy;
      }

      it.each(['sum', 'asyncSum', 'streamSum'])('%s', async (cmd) => {
        const proxy = await start();
        expect(await lastValueFrom(proxy.send<number>({ cmd }, [1, 2, 3, 4, 5]))).toBe(15);
      });

      it('a stream', async () => {
        const proxy = await start();
        const stream = proxy.send<number>({ cmd: 'streaming' }, [1, 2, 3, 4, 5]);
        expect(await lastValueFrom(stream.pipe(toArray()))).toEqual([1, 2, 3, 4, 5]);
      });

      it('concurrent requests', async () => {
        const proxy = await start();
        const tens = Array.from({ length: 10 }, (_, ten) => Array.from({ length: 10 }, (__, one) => 10 * ten + one));
        const sums = tens.map((numbers) => lastValueFrom(proxy.send<number>({ cmd: 'sum' }, numbers)));
        expect(await Promise.all(sums)).toEqual(tens.map(sumOf));
      });

      it.each([
        ['notify', 'notification', 'notification'],
        ['an event under #', 'wildcard-event/test', 'wildcard-event'],
        ['an event under +', 'wildcard-event2/test/test', 'wildcard-event2'],
        ['an event of a group, under #', 'shared-event/test', 'shared-event'],
        ['an event of a group, under +', 'shared-event2/test/test', 'shared-event2'],
      ])('%s', async (_title, topic, handler) => {
        const proxy = await start();
        proxy.emit(topic, true);
        expect(await events.atLeast(1)).toEqual([`${handler} true`]);
      });

      it.each([
        'wildcard-message/test',
        'wildcard-message2/test/test',
        'shared-message/test',
        'shared-message2/test/test',
      ])('a request to %s', async (topic) => {
        const proxy = await start();
        expect(await lastValueFrom(proxy.send<number>(topic, [1, 2, 3, 4, 5]))).toBe(15);
      });

      // Nest's client knows records of its own class alone
      const builders = client === 'ours' ? [NestMqttRecordBuilder, MqttRecordBuilder] : [NestMqttRecordBuilder];
      it.each(builders.map((Builder, i) => [i, Builder] as const))(
        'a record of builder %d',
        async (_index, Builder) => {
          const proxy = await start();
          const record = new Builder({ items: [1, 2, 3] }).setQoS(1).build();
          expect(await lastValueFrom(proxy.send('record-builder-duplex', record))).toEqual({
            data: { items: [1, 2, 3] },
            qos: 1,
          });
        },
      );

      it('a broadcast that two servers answer', async () => {
        await serve(server, broker.connection);
        const proxy = await start();
        const answers = proxy.send<number>({ cmd: 'broadcast' }, {}).pipe(
          scan((a, b) => a + b),
          take(2),
        );
        expect(await lastValueFrom(answers)).toBe(2);
      });
    });
  }
}

/** What `code` says in Nest's errors says that of the `cause` in ours, whose own code tells what became of the request. */
describe("Nest's scenario of a client that is not connected", () => {
  const refused = { code: 'ECONNREFUSED' };

  it.each<[string, (connection: TestConnection) => Proxy, object]>([
    ["Nest's", createBuiltInClient, refused],
    [
      'ours, which fails at once',
      (connection) => createClient({ ...connection, offline: 'fail' }),
      { code: 'ERR_MQTT_CONNECTION_CLOSED', maybeExecuted: false, cause: refused },
    ],
    [
      'ours, which waits for a connection',
      (connection) => createClient({ ...connection, requestTimeout: 250 }),
      { code: 'ERR_MQTT_REQUEST_TIMEOUT', cause: refused },
    ],
  ])('%s', async (_whose, create, expected) => {
    const proxy = create(connectionTo(`mqtt://127.0.0.1:${await freePort()}`));
    await expect(lastValueFrom(proxy.send({ cmd: 'none' }, [1, 2, 3]))).rejects.toMatchObject(expected);
  });
});
