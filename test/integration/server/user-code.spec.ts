import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Logger, type LoggerService } from '@nestjs/common';
import {
  EventPattern,
  MessagePattern,
  Payload,
  RpcException,
  type Deserializer,
  type Serializer,
} from '@nestjs/microservices';
import { Observable } from 'rxjs';
import {
  AckPolicy,
  defaultCodec,
  type DeduplicateOptions,
  type DeduplicationStore,
  type MqttCodec,
} from '../../../lib/index.js';
import type { MqttServerOptions, ServerMqtt } from '../../../lib/index.js';
import { MemoryDeduplicationStore } from '../../../lib/stores/index.js';
import { acknowledgedPayloads } from '../../support/acknowledgements.js';
import { closeAfterTest } from '../../support/closing.js';
import { eventually } from '../../support/deadline.js';
import { durable } from '../../support/durable-session.js';
import { Journal } from '../../support/journal.js';
import { logs, transportLogs } from '../../support/logs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createServer, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { tapWire } from '../../support/wire-tap.js';

const boom = (): never => {
  throw new Error('boom');
};

/** Something whose every property throws when it is looked at. */
const untouchable = new Proxy(new Error(), { get: boom, has: boom, getPrototypeOf: boom, ownKeys: boom });

/** A thenable, which is no literal. */
const thenableOf = (then: () => unknown): object =>
  new Proxy({}, { get: (_, key) => (key === 'then' ? then : undefined) });

/** A handler per way to misbehave, and one that does not. */
@Controller()
class Misbehaving {
  @MessagePattern<string>('bad/getters')
  getters(): never {
    throw untouchable;
  }

  @MessagePattern<string>('bad/message')
  message(): never {
    throw Object.defineProperty(new Error(), 'message', { get: boom });
  }

  @MessagePattern<string>('bad/rpc-getters')
  rpcGetters(): never {
    throw new RpcException(Object.defineProperty({}, 'code', { get: boom, enumerable: true }));
  }

  @MessagePattern<string>('bad/then')
  thenThrows(): unknown {
    return thenableOf(boom);
  }

  @MessagePattern<string>('bad/observable')
  observable(): unknown {
    return new Observable(boom);
  }

  @MessagePattern<string>('bad/subscribe')
  foreignObservable(): unknown {
    return { lift: () => {}, subscribe: boom };
  }

  @MessagePattern<string>('bad/value')
  value(): unknown {
    return untouchable;
  }

  @MessagePattern<string>('bad/never')
  never(): unknown {
    return thenableOf(() => {});
  }

  @MessagePattern<string>('bad/teardown')
  teardown(): unknown {
    return new Observable(() => boom);
  }

  @MessagePattern<string>('good')
  good(@Payload() data: unknown): unknown {
    return data;
  }
}

interface Case {
  readonly topic?: string;
  readonly envelope?: boolean;
  readonly options?: Partial<MqttServerOptions>;
  readonly prepare?: (server: ServerMqtt) => void;
  /** What the caller is told. */
  readonly told: RegExp;
  readonly logged?: RegExp;
}

const impatient = { handlerTimeout: 100 };
const codecThat = (codec: Partial<MqttCodec>): Partial<MqttServerOptions> => ({
  codec: { encode: (value) => defaultCodec.encode(value), decode: defaultCodec.decode.bind(defaultCodec), ...codec },
});
const asyncBoom = (): never => Promise.reject(new Error('boom')) as never;

const CASES: Readonly<Record<string, Case>> = {
  // Nest's own filter fails over it
  'an exception that cannot be looked at': { topic: 'bad/getters', told: /boom/ },
  'an exception whose message throws': { topic: 'bad/message', told: /Internal server error/ },
  'an RpcException of an object whose getters throw': {
    topic: 'bad/rpc-getters',
    told: /Internal server error/,
    logged: /cannot be encoded: boom/,
  },
  'a thenable that throws': { topic: 'bad/then', told: /error/ },
  'an observable that throws when it is subscribed': { topic: 'bad/observable', told: /error/ },
  'a foreign observable that throws': { topic: 'bad/subscribe', told: /error/ },
  'a value that throws when it is looked at': { topic: 'bad/value', told: /error/ },
  'a thenable that never settles': { topic: 'bad/never', options: impatient, told: /did not end within 100 ms/ },
  'an observable whose teardown throws': {
    topic: 'bad/teardown',
    options: impatient,
    told: /did not end within 100 ms/,
    logged: /teardown of the observable that handler "bad\/teardown" returned threw/,
  },
  'a codec that throws for the reply': {
    options: codecThat({ encode: boom }),
    told: /Internal server error/,
    logged: /cannot be encoded: boom/,
  },
  'a codec that gives nothing for the reply': {
    options: codecThat({ encode: () => undefined as never }),
    told: /Internal server error/,
    logged: /the codec returned no payload/,
  },
  'a codec whose encoding is a promise that is rejected': {
    options: codecThat({ encode: asyncBoom }),
    told: /Internal server error/,
    logged: /the codec returned a promise/,
  },
  'a codec that throws for the request': { options: codecThat({ decode: boom }), told: /cannot be decoded/ },
  'a codec whose decoding is a promise that is rejected': {
    options: codecThat({ decode: asyncBoom }),
    told: /cannot be decoded/,
  },
  'a deserializer that throws': { options: { deserializer: { deserialize: boom } }, told: /cannot be decoded/ },
  'a deserializer that returns a promise that is rejected': {
    options: { deserializer: { deserialize: asyncBoom } as Deserializer },
    told: /cannot be decoded/,
  },
  // fault 3: one request killed the process
  'a serializer that throws for the reply, and again for the error (fault 3)': {
    envelope: true,
    options: { serializer: { serialize: boom } as Serializer },
    told: /Internal server error/,
    logged: /cannot be encoded: boom/,
  },
  'a start hook that throws': {
    prepare: (server) => server.setOnProcessingStartHook(boom),
    told: /Internal server error/,
    logged: /onProcessingStartHook failed on "good": boom/,
  },
  'a start hook that is rejected': {
    prepare: (server) => server.setOnProcessingStartHook(asyncBoom),
    told: /Internal server error/,
    logged: /onProcessingStartHook failed on "good": boom/,
  },
  'a start hook that throws after it has begun': {
    prepare: (server) =>
      server.setOnProcessingStartHook((_transport, _context, process) => {
        void process();
        boom();
      }),
    told: /^"?ping"?$/,
    logged: /onProcessingStartHook failed on "good": boom/,
  },
  'an end hook that throws': {
    prepare: (server) => server.setOnProcessingEndHook(boom),
    told: /^"?ping"?$/,
    logged: /onProcessingEndHook failed on "good": boom/,
  },
};

/** Rejections that nobody handles: one of them ends the process. */
const unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);
beforeAll(() => void process.on('unhandledRejection', note));
afterAll(() => void process.off('unhandledRejection', note));

describe("an application's own code: the caller is told, the message is decided, the worker is free, the log says what it was", () => {
  it.each(Object.entries(CASES))(
    '%s',
    async (_name, { topic = 'good', envelope, options, prepare, told, logged = /^/ }) => {
      const { url } = await startInProcessBroker();
      const tap = await tapWire(connectionTo(url));
      const subscribeOptions = { qos: 1 as const };
      const { app, server } = await createServer(
        { ...tap.connection, subscribeOptions, maxConcurrency: 1, ...options },
        { controllers: [Misbehaving] },
      );
      prepare?.(server);
      await app.listen();
      const peer = await connectMqttJs(connectionTo(url));
      const answers = await subscribeMqttJs(peer, envelope ? 'good/reply' : 'answers');
      const payload = envelope ? JSON.stringify({ pattern: topic, data: 'ping', id: '7' }) : 'ping';
      const properties = { responseTopic: 'answers', correlationData: Buffer.from('c') };
      // one worker: the second is answered because the first one has freed it
      for (const round of [1, 2]) {
        await peer.publishAsync(topic, payload, { qos: 1, ...(envelope ? {} : { properties }) });
        await answers.atLeast(round);
        await tap.packets.until(() => tap.sent('client', 'puback').length === round, 'its PUBACK');
      }
      for (const { payload: answer } of answers.entries) expect(answer.toString()).toMatch(told);
      expect(transportLogs('error').join('\n')).toMatch(logged);
      await eventually(() => server['runtime']!['gate'].runningJobs === 0, 'no worker is busy');
      expect([server['runtime']!['host'].running.size, unhandled.splice(0)]).toEqual([0, []]);
    },
  );

  it('a logger that throws', async () => {
    const { url } = await startInProcessBroker();
    const throwing: LoggerService = { log: boom, warn: boom, error: boom, debug: boom };
    const recorder = Logger['staticInstanceRef'] as LoggerService;
    closeAfterTest(async () => Logger.overrideLogger(recorder));
    const seen = new Journal<string>();

    @Controller()
    class Failing {
      @EventPattern<string>('fails', { qos: 1, maxWorkers: 1 })
      run(@Payload() name: string): void {
        seen.add(name);
        throw new TypeError(name);
      }
    }
    const tap = await tapWire(connectionTo(url));
    await startServer(tap.connection, { controllers: [Failing] });
    const peer = await connectMqttJs(connectionTo(url));
    Logger.overrideLogger(throwing);
    for (const name of ['a', 'b']) await peer.publishAsync('fails', name, { qos: 1 });
    await tap.packets.until(() => acknowledgedPayloads(tap).length === 2, 'both acknowledgements');
    expect(seen.entries).toEqual(['a', 'b']);
  });
});

describe('onStaleSubscription (fault 2)', () => {
  it.each([
    ['throws: the messages are left with the broker', boom, 1],
    ['is rejected: the messages are acknowledged', asyncBoom, 11],
  ])('that %s, and the server goes on', async (_what, onStaleSubscription, acknowledged) => {
    const { url } = await startInProcessBroker();
    const session = durable(connectionTo(url));
    const peer = await connectMqttJs(connectionTo(url));

    @Controller()
    class Old {
      @EventPattern<string>('stale', { qos: 1 })
      run(): void {}
    }

    @Controller()
    class New {
      @EventPattern<string>('fresh', { qos: 1 })
      run(): void {}
    }
    const { app } = await startServer(session, { controllers: [Old] });
    await app.close();
    for (let i = 0; i < 10; i++) await peer.publishAsync('stale', `${i}`, { qos: 1 });
    const tap = await tapWire(connectionTo(url));
    const { url: tapped } = tap.connection;
    const { server } = await startServer({ ...session, url: tapped, onStaleSubscription }, { controllers: [New] });
    await peer.publishAsync('fresh', '1', { qos: 1 });
    await tap.packets.until(() => tap.sent('client', 'puback').length === acknowledged, 'the PUBACKs');
    expect(server.health()).toMatchObject({ withheld: 11 - acknowledged });
    expect(transportLogs('error')).toHaveLength(10);
    expect(transportLogs('error')[0]).toBe('onStaleSubscription failed for a message on "stale": boom');
  });
});

const never = (): Promise<never> => new Promise(() => {});

const nonsense = (): never => 7 as never;

function serviceWith(deduplicate: DeduplicateOptions): new () => object {
  @Controller()
  class Service {
    @MessagePattern<string>('once', { qos: 1, deduplicate })
    run(): string {
      return 'done';
    }
  }
  return Service;
}

describe('a deduplication store', () => {
  const STORES: [string, DeduplicationStore, RegExp][] = [
    ['that throws', { claim: boom, renew: boom, complete: boom, release: boom }, /claim\(\): boom/],
    [
      'that is rejected',
      { claim: asyncBoom, renew: asyncBoom, complete: asyncBoom, release: asyncBoom },
      /claim\(\): boom/,
    ],
    [
      'that gives something else than a claim',
      { claim: nonsense, renew: nonsense, complete: nonsense, release: nonsense },
      /claim\(\): it returned a value that violates/,
    ],
    [
      'that gives replies that are none',
      {
        claim: () => ({ state: 'done', replies: [undefined] }) as never,
        renew: boom,
        complete: boom,
        release: boom,
      },
      /claim\(\): it returned a value that violates/,
    ],
    [
      'that never answers',
      { claim: never, renew: never, complete: never, release: never },
      /claim\(\): it did not answer within 5000 ms/,
    ],
    [
      'that does not keep what was handled',
      { claim: () => ({ state: 'mine' }), renew: nonsense, complete: never, release: never },
      /complete\(\): it did not answer within 5000 ms/,
    ],
  ];

  const properties = { responseTopic: 'answers', correlationData: Buffer.from('c') };

  it.each(STORES)('%s: the request is run where it would not come again', async (_name, store, logged) => {
    const { url } = await startInProcessBroker();
    const tap = await tapWire(connectionTo(url));
    const { server } = await startServer(tap.connection, { controllers: [serviceWith({ store })] });
    const peer = await connectMqttJs(connectionTo(url));
    const answers = await subscribeMqttJs(peer, 'answers');
    await peer.publishAsync('once', 'x', { qos: 1, properties });
    const [answer] = await answers.atLeast(1);
    expect(answer!.payload.toString()).toBe('done');
    await tap.packets.until(() => tap.sent('client', 'puback').length === 1, 'its PUBACK');
    expect(logs.entries.map(({ message }) => message).join('\n')).toMatch(logged);
    await eventually(() => server['runtime']!['gate'].runningJobs === 0, 'no worker is busy');
    await eventually(() => server['runtime']!['host'].running.size === 0, 'nothing is under way');
    expect(unhandled.splice(0)).toEqual([]);
  });

  it.each([
    ['by default in a session that survives', undefined],
    ['when it is to', 'withhold' as const],
  ])('that fails: the request is withheld %s, and runs when it comes again', async (_name, onStoreFailure) => {
    const { url } = await startInProcessBroker();
    const inner = new MemoryDeduplicationStore();
    let failing = true;
    const store: DeduplicationStore = {
      claim: (...claim) => (failing ? boom() : inner.claim(...claim)),
      renew: (...claim) => inner.renew(...claim),
      complete: (...claim) => inner.complete(...claim),
      release: (...claim) => inner.release(...claim),
    };
    const redelivery = { reconnect: true as const, delay: 50 };
    const { server } = await startServer(
      { ...durable(connectionTo(url)), redelivery },
      { controllers: [serviceWith({ store, ...(onStoreFailure && { onStoreFailure }) })] },
    );
    const peer = await connectMqttJs(connectionTo(url));
    const answers = await subscribeMqttJs(peer, 'answers');
    await peer.publishAsync('once', 'x', { qos: 1, properties });
    await eventually(() => server.health()?.withheld === 1, 'it is withheld');
    expect(answers.entries).toEqual([]);
    failing = false;
    await answers.atLeast(1);
    expect(transportLogs('warn')[0]).toBe('The deduplication store failed in claim(): boom');
    expect(logs.entries.map(({ message }) => message)).toContain('The deduplication store answers again.');
  });

  it('that may withhold needs a session that survives', async () => {
    const { url } = await startInProcessBroker();
    const controllers = [serviceWith({ onStoreFailure: 'withhold' })];
    const starting = startServer(connectionTo(url), { controllers });
    await expect(starting).rejects.toThrow(
      /'once'\.deduplicate\.onStoreFailure.*session that outlives the connection/s,
    );
  });
});

describe('a function deduplicate.key', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['that throws', boom, /deduplicate\.key failed: boom/],
    ['that cannot be looked at', () => untouchable, /deduplicate\.key failed: /],
    ['that gives a number', () => 7, /deduplicate\.key must return a non-empty string/],
    ['that gives an empty text', () => '', /deduplicate\.key must return a non-empty string/],
    ['that is asynchronous', asyncBoom, /function deduplicate\.key returned a promise/],
  ])('%s: the event has failed, and its policy decides', async (_name, key, logged) => {
    const { url } = await startInProcessBroker();
    const ran = new Journal<string>();

    @Controller()
    class Service {
      @EventPattern<string>('keyed', {
        qos: 1,
        ackPolicy: AckPolicy.REJECT_ON_ERROR,
        deduplicate: { key: key as () => string },
      })
      run(@Payload() data: string): void {
        ran.add(data);
      }
    }
    const tap = await tapWire(connectionTo(url));
    await startServer({ ...tap.connection, maxConcurrency: 1 }, { controllers: [Service] });
    const peer = await connectMqttJs(connectionTo(url));
    for (const round of [1, 2]) {
      await peer.publishAsync('keyed', 'x', { qos: 1 });
      await tap.packets.until(() => tap.sent('client', 'puback').length === round, 'its PUBACK');
    }
    expect(tap.sent('client', 'puback').map(({ reasonCode }) => reasonCode)).toEqual([0x83, 0x83]);
    expect(ran.entries).toEqual([]);
    expect(transportLogs('error').join('\n')).toMatch(logged);
    expect(unhandled.splice(0)).toEqual([]);
  });
});
