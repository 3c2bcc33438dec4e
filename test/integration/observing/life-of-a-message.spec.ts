import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom, of } from 'rxjs';
import {
  AckPolicy,
  MqttSubscription,
  NackMessage,
  PublishTo,
  RejectMessage,
  type MqttSubscriptionOptions,
} from '../../../lib/index.js';
import { describeEachBroker, type BrokerUnderTest } from '../../support/broker-matrix.js';
import { durable } from '../../support/durable-session.js';
import { createClient, startServer } from '../../support/nest-application.js';
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

  it('a message that is larger than maxPayloadBytes', async () => {
    const observer = new RecordingObserver();
    @Controller()
    class Small {
      @EventPattern<unknown>('life/small')
      small(@Payload() _value: unknown): void {}
    }
    await startServer({ ...broker.connection, observers: [observer], maxPayloadBytes: 4 }, { controllers: [Small] });
    await createClient(broker.connection).publish('life/small', 'far too large');
    const told = await observer.told.first(({ hook }) => hook === 'dropped');
    expect(told).toMatchObject({ drop: { reason: 'too-large', handler: { template: 'life/small' } } });
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
