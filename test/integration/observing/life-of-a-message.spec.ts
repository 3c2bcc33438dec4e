import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom, of } from 'rxjs';
import {
  AckPolicy,
  MqttContext,
  MqttSubscription,
  NackMessage,
  PublishTo,
  RejectMessage,
  type MqttSubscriptionOptions,
} from '../../../lib/index.js';
import { describeEachBroker, type BrokerUnderTest } from '../../support/broker-matrix.js';
import { durable } from '../../support/durable-session.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { transportLogs } from '../../support/logs.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { RecordingObserver } from '../../support/recording-observer.js';

/** An event handler below `life/`, and what observers of its server are told of one message at QoS 1. */
async function lifeOf(
  broker: BrokerUnderTest,
  handler: (attempt: number) => unknown,
  options: MqttSubscriptionOptions = {},
): Promise<RecordingObserver> {
  let attempt = 0;
  @Controller()
  class Devices {
    @MqttSubscription({ prefix: 'life/', ...options })
    @EventPattern<unknown>('devices/{deviceId}/temperature')
    temperature(@Payload() _celsius: unknown): unknown {
      return handler(++attempt);
    }
  }
  const observer = new RecordingObserver();
  await startServer(
    { ...durable(broker.connection), observers: [observer], subscribeOptions: { qos: 1 } },
    { controllers: [Devices] },
  );
  await createClient(broker.connection).publish('life/devices/7/temperature', 21, { qos: 1 });
  await observer.told.first(({ hook }) => hook === 'completed');
  return observer;
}

const failing = (): never => {
  throw new Error('it always fails');
};

describeEachBroker('what observers are told of a message', (broker) => {
  it('a handler that succeeds', async () => {
    const observer = await lifeOf(broker, () => 'done');
    expect(observer.words).toEqual(['received', 'handle 1', 'handled: succeeded', 'settled: acked', 'completed']);
    const told = await observer.told.first(({ hook }) => hook === 'received');
    if (told.hook !== 'received') throw new Error('unreachable');
    expect(told.delivery).toMatchObject({
      topic: 'life/devices/7/temperature',
      qos: 1,
      dup: false,
      retain: false,
      attempt: 1,
      handler: {
        template: 'life/devices/{deviceId}/temperature',
        subscription: 'life/devices/+/temperature',
        group: undefined,
        kind: 'event',
        source: 'Devices.temperature',
      },
      connection: { role: 'server', name: undefined, protocolVersion: broker.protocolVersion },
    });
    expect(told.delivery.packetId).toBeGreaterThan(0);
  });

  it('a handler of a shared group', async () => {
    const observer = await lifeOf(broker, () => 'done', { shared: 'workers' });
    const told = await observer.told.first(({ hook }) => hook === 'received');
    if (told.hook !== 'received') throw new Error('unreachable');
    expect(told.delivery.handler).toMatchObject({ group: 'workers', template: 'life/devices/{deviceId}/temperature' });
  });

  it.each<[string, (attempt: number) => unknown, MqttSubscriptionOptions, string[]]>([
    ['one that fails, and acknowledges all the same', failing, {}, ['handle 1', 'handled: failed', 'settled: acked']],
    [
      'one that is rejected',
      failing,
      { ackPolicy: AckPolicy.REJECT_ON_ERROR },
      ['handle 1', 'handled: failed', 'settled: rejected'],
    ],
    [
      'one that rejects by an exception',
      () => {
        throw new RejectMessage();
      },
      {},
      ['handle 1', 'handled: failed', 'settled: rejected'],
    ],
    [
      'one that is withheld',
      () => {
        throw new NackMessage();
      },
      {},
      ['handle 1', 'handled: failed', 'settled: withheld'],
    ],
    [
      'one that is run again, and then succeeds',
      (attempt) => (attempt < 3 ? failing() : undefined),
      { retry: { attempts: 5, delay: 1, maxDelay: 1 } },
      ['handle 1', 'retried', 'handle 2', 'retried', 'handle 3', 'handled: succeeded', 'settled: acked'],
    ],
    [
      'one that becomes a dead letter',
      failing,
      { deadLetter: 'life/dead' },
      [
        'handle 1',
        'handled: failed',
        'publish dead-letter life/dead',
        'published dead-letter: acknowledged',
        'deadLettered: accepted',
        'settled: dead-lettered',
      ],
    ],
    [
      'one that is acknowledged first',
      () => undefined,
      { ackPolicy: AckPolicy.ACK_FIRST },
      ['settled: acked', 'handle 1', 'handled: succeeded'],
    ],
  ])('%s', async (_title, handler, options, words) => {
    const observer = await lifeOf(broker, handler, options);
    expect(observer.words).toEqual(['received', ...words, 'completed']);
  });

  it('an observable, and results of @PublishTo', async () => {
    @Controller()
    class Rooms {
      @PublishTo('life/rooms/{room}/average', { qos: 1 })
      @EventPattern<unknown>('life/rooms/{room}')
      room(@Payload() _value: unknown): unknown {
        return of(1, 2);
      }
    }
    const observer = new RecordingObserver();
    await startServer({ ...broker.connection, observers: [observer] }, { controllers: [Rooms] });
    await createClient(broker.connection).publish('life/rooms/7', 21);
    await observer.told.first(({ hook }) => hook === 'completed');
    expect(observer.words).toEqual([
      'received',
      'handle 1',
      'publish result life/rooms/{room}/average',
      'publish result life/rooms/{room}/average',
      'handled: succeeded',
      'published result: acknowledged',
      'published result: acknowledged',
      'settled: acked',
      'completed',
    ]);
  });

  it('a message that cannot be decoded', async () => {
    const observer = new RecordingObserver();
    @Controller()
    class Numbers {
      @EventPattern<unknown>('life/numbers', {
        codec: {
          encode: () => ({ payload: '' }),
          decode: () => {
            throw new Error('not a number');
          },
        },
      })
      number(@Payload() _value: unknown): void {}
    }
    await startServer({ ...broker.connection, observers: [observer] }, { controllers: [Numbers] });
    await createClient(broker.connection).publish('life/numbers', 'x');
    await observer.told.first(({ hook }) => hook === 'completed');
    expect(observer.words).toEqual([
      'received',
      'dropped: undecodable',
      'handled: failed',
      'settled: acked',
      'completed',
    ]);
  });

  it.each<[string, (mqtt: MqttContext) => unknown, MqttSubscriptionOptions]>([
    ['withheld', () => failing(), { ackPolicy: AckPolicy.NACK_ON_ERROR }],
    ['withheld by hand', (mqtt) => mqtt.nack(), {}],
  ])('a message at QoS 0 that would be %s is lost: no broker keeps it', async (_title, handle, options) => {
    const observer = new RecordingObserver();
    @Controller()
    class Once {
      @EventPattern<unknown>('life/once', { ...options, qos: 0 })
      once(@Payload() _value: unknown, @Ctx() mqtt: MqttContext): unknown {
        return handle(mqtt);
      }
    }
    await startServer({ ...durable(broker.connection), observers: [observer] }, { controllers: [Once] });
    await createClient(broker.connection).publish('life/once', 1);
    await observer.told.first(({ hook }) => hook === 'completed');
    expect(observer.words).toContain('settled: lost');
  });

  it('what is undecided when the server closes is left with the broker, once', async () => {
    const observer = new RecordingObserver();
    let release: (() => void) | undefined;
    @Controller()
    class Undecided {
      @EventPattern<unknown>('life/manual', { ackPolicy: AckPolicy.MANUAL, qos: 1 })
      manual(@Payload() _value: unknown): void {}

      @EventPattern<unknown>('life/hanging', { qos: 1 })
      hanging(@Payload() _value: unknown): Promise<void> {
        return new Promise((resolve) => (release = resolve));
      }
    }
    const { app } = await startServer(
      { ...durable(broker.connection), observers: [observer], gracefulTimeout: 50 },
      { controllers: [Undecided] },
    );
    const client = createClient(broker.connection);
    for (const name of ['manual', 'hanging']) await client.publish(`life/${name}`, 1, { qos: 1 });
    await observer.told.until((told) => told.filter(({ hook }) => hook === 'handle').length === 2, 'both runs');
    await app.close();
    release!();
    await observer.told.until((told) => told.filter(({ hook }) => hook === 'completed').length === 2, 'both ends');
    expect(observer.words.filter((words) => words.startsWith('settled'))).toEqual(['settled: left', 'settled: left']);
  });

  it('a message that is larger than maxPayloadBytes, for each of its handlers', async () => {
    const observer = new RecordingObserver();
    @Controller()
    class Small {
      @EventPattern<unknown>('life/small')
      small(@Payload() _value: unknown): void {}

      @EventPattern<unknown>('+/small')
      other(@Payload() _value: unknown): void {}
    }
    await startServer({ ...broker.connection, observers: [observer], maxPayloadBytes: 4 }, { controllers: [Small] });
    await createClient(broker.connection).publish('life/small', 'far too large');
    await createClient(broker.connection).publish('life/small', 1);
    await observer.told.until((told) => told.filter(({ hook }) => hook === 'completed').length === 2, 'the small one');
    const drops = observer.told.entries.filter((told) => told.hook === 'dropped').map(({ drop }) => drop);
    expect(drops.map(({ reason, handler }) => `${reason} ${handler!.template}`).toSorted()).toEqual([
      'too-large +/small',
      'too-large life/small',
    ]);
  });
});

describeEachBroker('what observers are told of a request', (broker) => {
  @Controller()
  class Calculator {
    @MessagePattern('life/{tenant}/double')
    double(@Payload() value: number): number {
      return value * 2;
    }

    @MessagePattern('life/{tenant}/fail')
    fail(): never {
      throw new NackMessage('it fails');
    }

    @MessagePattern('life/{tenant}/hang')
    hang(): Promise<never> {
      return new Promise(() => {});
    }
  }

  it('both ends of one that is answered', async () => {
    const [atServer, atClient] = [new RecordingObserver(), new RecordingObserver()];
    await startServer(
      { ...broker.connection, observers: [atServer], subscribeOptions: { qos: 1 } },
      { controllers: [Calculator] },
    );
    const client = createClient({
      ...broker.connection,
      observers: [atClient],
      topicTemplates: ['life/{tenant}/double', 'life/#'],
      publishOptions: { qos: 1 },
    });
    expect(await firstValueFrom(client.send('life/a/double', 21))).toBe(42);
    await atServer.told.first(({ hook }) => hook === 'completed');
    expect(atClient.words.toSorted()).toEqual([
      'publish request life/{tenant}/double',
      'published request: acknowledged',
      'request life/{tenant}/double',
      'requested: replied',
    ]);
    expect(atServer.words).toEqual([
      'received',
      'handle 1',
      'handled: succeeded',
      'publish reply life/{tenant}/double',
      'published reply: acknowledged',
      'settled: acked',
      'completed',
    ]);
  });

  it.each([
    ['fail', 'requested: remote-error', 'it fails'],
    ['hang', 'requested: timeout', 'within 500 ms'],
  ])('one on %s', async (name, words, message) => {
    const observer = new RecordingObserver();
    await startServer(broker.connection, { controllers: [Calculator] });
    const client = createClient({ ...broker.connection, observers: [observer], requestTimeout: 500 });
    await expect(client.request(`life/a/${name}`, 1)).rejects.toThrow(message);
    expect(observer.words).toContain(words);
  });

  it('one that its caller gives up', async () => {
    const observer = new RecordingObserver();
    await startServer(broker.connection, { controllers: [Calculator] });
    const client = createClient({ ...broker.connection, observers: [observer] });
    const subscription = client.send('life/a/hang', 1).subscribe();
    await observer.told.first(({ hook }) => hook === 'published');
    subscription.unsubscribe();
    expect(observer.words.at(-1)).toBe('requested: cancelled');
  });

  it('texts that an observer has injected travel with the message, and come to the handler and to its observers', async () => {
    const observer = new RecordingObserver();
    await startServer({ ...broker.connection, observers: [observer] }, { controllers: [Calculator] });
    const places: boolean[] = [];
    const client = createClient({
      ...broker.connection,
      observers: [{ publish: (publication) => void places.push(publication.inject('trace', 'abc')) }],
    });
    await firstValueFrom(client.send('life/a/double', 1));
    await client.publish('life/a/double', 1);
    expect(places).toEqual([true, broker.protocolVersion === 5]);
    const [told] = observer.told.entries.filter(({ hook }) => hook === 'handle');
    if (told?.hook !== 'handle') throw new Error('unreachable');
    const { userProperties, metadata } = told.delivery;
    expect({ ...userProperties, ...metadata }).toEqual({ trace: 'abc' });
  });
});

it('a dead letter that cannot be sent: a message at QoS 0 is lost, and the log does not say that it is withheld', async () => {
  const { broker, url } = await startInProcessBroker();
  const observer = new RecordingObserver();
  @Controller()
  class Failing {
    @EventPattern<unknown>('life/{name}', { deadLetter: 'dead/{name}', qos: 1 })
    fail(@Payload() _value: unknown): never {
      return failing();
    }
  }
  await startServer({ ...durable(connectionTo(url)), observers: [observer] }, { controllers: [Failing] });
  for (const qos of [0, 1] as const) broker.publish({ topic: `life/\u007f${qos}`, payload: '1', qos });
  await observer.told.until((told) => told.filter(({ hook }) => hook === 'completed').length === 2, 'both ends');
  expect(observer.words.filter((words) => words.startsWith('settled'))).toEqual(['settled: lost', 'settled: withheld']);
  const lines = transportLogs('error').filter((line) => line.includes('its dead letter'));
  expect(lines).toEqual([
    expect.stringContaining('0" is not delivered again, for it came at QoS 0: '),
    expect.stringContaining('1" is withheld: '),
  ]);
});
