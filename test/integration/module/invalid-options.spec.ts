import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import {
  AckPolicy,
  ClientMqtt,
  InvalidOptionsError,
  InvalidTopicError,
  MqttModule,
  MqttRecord,
  MqttRecordBuilder,
  MqttSubscription,
  NoMatchingSubscribersError,
  PublishTo,
  ServerMqtt,
  type MqttClientOptions,
  type MqttRecordOptions,
  type MqttServerOptions,
} from '../../../lib/index.js';
import { createClient, createServer, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

function thrownBy(attempt: () => unknown): unknown {
  try {
    attempt();
  } catch (error) {
    return error;
  }
  throw new Error('The options were taken');
}

/** The options that the error names; it says a remedy for each. */
function problemsOf(attempt: () => unknown): string[] {
  const error = thrownBy(attempt);
  expect(error).toBeInstanceOf(InvalidOptionsError);
  const { problems, message } = error as InvalidOptionsError;
  for (const { option, remedy } of problems) {
    expect(message).toContain(option);
    expect(message).toContain(remedy);
  }
  return problems.map(({ option }) => option);
}

/** Every object in it, so that whoever writes into one of them throws. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}

describe('options that are wrong', () => {
  it('of a server: all of them at once, each with its remedy', () => {
    const options = {
      url: 'http://localhost',
      protocolVersion: 3,
      keepalive: -1,
      maxConcurrency: 0,
      subscribeOptions: { qos: 3, ackPolicy: AckPolicy.NACK_ON_ERROR },
      publishOptions: { qos: 4 },
      qos0Buffer: { size: 10, overflow: 'explode' },
    } as unknown as MqttServerOptions;
    const names = [
      'url',
      'protocolVersion',
      'keepalive',
      'maxConcurrency',
      'subscribeOptions.qos',
      'subscribeOptions.ackPolicy',
      'publishOptions.qos',
      'qos0Buffer.overflow',
    ];
    expect(problemsOf(() => new ServerMqtt(options)).toSorted()).toEqual(names.toSorted());
  });

  it('of a client: all of them at once', () => {
    const options = { requestTimeout: 0, offline: 'maybe', envelope: 'json', responseTopicPrefix: 'a/#' };
    expect(problemsOf(() => new ClientMqtt(options as MqttClientOptions)).toSorted()).toEqual(
      ['envelope', 'offline', 'requestTimeout', 'responseTopicPrefix'].toSorted(),
    );
  });

  it('what only 5.0 has is refused on 3.1.1', () => {
    const options = {
      protocolVersion: 4,
      properties: { sessionExpiryInterval: 1 },
      userProperties: { a: 'b' },
    } as const;
    expect(problemsOf(() => new ClientMqtt(options)).toSorted()).toEqual(['properties', 'userProperties']);
  });

  it('of handlers: found at listen(), for all handlers at once', async () => {
    @Controller()
    @MqttSubscription({ maxWorkers: 0 })
    class Wrong {
      @EventPattern<string>('a', { qos: 7 })
      a(): void {}

      @MessagePattern('b')
      b(): void {}
    }

    const { broker, url } = await startInProcessBroker();
    const { app } = await createServer(connectionTo(url), { controllers: [Wrong] });
    const error: unknown = await app.listen().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InvalidOptionsError);
    const options = (error as InvalidOptionsError).problems.map(({ option }) => option);
    expect(options.toSorted()).toEqual(["'a'.maxWorkers", "'a'.qos", "'b'.maxWorkers"]);
    expect(broker.sessions).toEqual([]);
  });

  it.each(['a/#/b', 'a+', 'a/{}', ''])(
    'a pattern that is no Topic Filter is found at listen(): "%s"',
    async (pattern) => {
      @Controller()
      class Wrong {
        @EventPattern<string>(pattern)
        handle(): void {}
      }

      const { url } = await startInProcessBroker();
      const { app } = await createServer(connectionTo(url), { controllers: [Wrong] });
      await expect(app.listen()).rejects.toThrow(InvalidTopicError);
    },
  );

  it('of a message: the error comes before anything is sent', async () => {
    const { url } = await startInProcessBroker();
    const client = createClient(connectionTo(url));
    await expect(client.publish('a/+', 1)).rejects.toThrow(InvalidTopicError);
    await expect(client.request('a/#', 1)).rejects.toThrow(InvalidTopicError);
    await expect(firstValueFrom(client.send('a/#', 1))).rejects.toThrow(InvalidTopicError);
  });

  describe.each<[string, MqttRecordOptions, string]>([
    ['timeout: NaN', { timeout: NaN }, 'timeout'],
    ['timeout: 0', { timeout: 0 }, 'timeout'],
    ['timeout: -1', { timeout: -1 }, 'timeout'],
    ['timeout: 0.5', { timeout: 0.5 }, 'timeout'],
    ['timeout: "50"', { timeout: '50' as unknown as number }, 'timeout'],
    ['timeout: 50n', { timeout: 50n as unknown as number }, 'timeout'],
    ['signal: {}', { signal: {} as AbortSignal }, 'signal'],
    ['signal: an AbortController', { signal: new AbortController() as unknown as AbortSignal }, 'signal'],
  ])('of a message, %s', (_, options, name) => {
    it.each<[string, (client: ClientMqtt) => Promise<unknown>]>([
      ['request()', (client) => client.request('a', 1, options)],
      ['send()', (client) => firstValueFrom(client.send('a', new MqttRecord(1, options)))],
      ['publish()', (client) => client.publish('a', 1, options)],
      ['emit()', (client) => firstValueFrom(client.emit('a', new MqttRecord(1, options)))],
      ['publisher()', (client) => client.publisher('a', options).publish(1)],
      ['publisher().request()', (client) => client.publisher('a').request(1, options)],
    ])('is refused by %s before anything is sent', async (_method, send) => {
      const { broker, url } = await startInProcessBroker();
      const error: unknown = await send(createClient(connectionTo(url))).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(InvalidOptionsError);
      expect((error as InvalidOptionsError).problems.map(({ option }) => option)).toEqual([`message to "a".${name}`]);
      expect(broker.sessions).toEqual([]);
    });
  });

  it.each([0, -1, NaN, 0.5, 2 ** 31, Infinity, '5'])('of ping(): %p', async (timeout) => {
    const target: Pick<ClientMqtt, 'ping'>[] = [new ClientMqtt(), new ServerMqtt()];
    for (const { ping } of target.map((one) => ({ ping: () => one.ping(timeout as number) })))
      await expect(ping()).rejects.toThrow(/timeout of ping\(\).*from 1 to 2147483647/);
  });

  it('forRootAsync() that does not say where the options come from', () => {
    expect(problemsOf(() => MqttModule.forRootAsync({}))).toEqual(['forRootAsync']);
  });
});

describe('characters that brokers end the connection over', () => {
  it('of handlers: found at listen(), for all handlers at once', async () => {
    @Controller()
    @MqttSubscription({ prefix: 'site\t/' })
    class Wrong {
      @EventPattern<string>('a\u0002', { deadLetter: 'dead\n' })
      @PublishTo('results/\u007f')
      a(): void {}
    }

    const { broker, url } = await startInProcessBroker();
    const { app } = await createServer(connectionTo(url), { controllers: [Wrong] });
    const error: unknown = await app.listen().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InvalidOptionsError);
    const { problems, message } = error as InvalidOptionsError;
    expect(problems.map(({ option }) => option)).toEqual([
      'pattern "a\\u0002"',
      "'a\u0002'.prefix",
      "'a\u0002'.deadLetter",
      'topic of @PublishTo("results/\u007f")',
    ]);
    expect(message).toMatch(/control character U\+0002.*Mosquitto.*discouragedCharacters: 'allow'/);
    expect(broker.sessions).toEqual([]);
  });

  it('of options: found at construction', () => {
    const publishOptions = { userProperties: { a: 'x\n' } };
    expect(problemsOf(() => new ServerMqtt({ publishOptions }))).toEqual(['publishOptions.userProperties["a"]']);
    expect(problemsOf(() => new ClientMqtt({ responseTopicPrefix: 'r\n' }))).toEqual(['responseTopicPrefix']);
  });

  it('of a message, and of a subscription: refused before anything is sent', async () => {
    const { broker, url } = await startInProcessBroker();
    const client = createClient(connectionTo(url));
    const topic = 'a/\u0002';
    await expect(client.publish(topic, 1)).rejects.toThrow(InvalidTopicError);
    await expect(client.request(topic, 1)).rejects.toThrow(InvalidTopicError);
    await expect(client.request('a', 1, { responseTopic: topic })).rejects.toThrow(InvalidTopicError);
    await expect(client.publish('a', 1, { contentType: topic })).rejects.toThrow(InvalidOptionsError);
    await expect(client.publish('a', 1, { userProperties: { a: topic } })).rejects.toThrow(InvalidOptionsError);
    expect(() => client.messages(topic)).toThrow(InvalidTopicError);
    expect(() => client.messages('a', { shared: 'g\u0002' })).toThrow(InvalidTopicError);
    const onV4 = createClient(connectionTo(url, 4));
    await expect(onV4.request('a', 1, { responseTopic: topic })).rejects.toThrow(InvalidTopicError);
    expect(broker.sessions).toEqual([]);
  });

  it('arrive where they are allowed', async () => {
    const { url } = await startInProcessBroker();
    const connection = { ...connectionTo(url), discouragedCharacters: 'allow' } as const;

    @Controller()
    class Echo {
      @MessagePattern('echo\u0002')
      echo(@Payload() data: unknown): unknown {
        return data;
      }
    }

    await startServer(connection, { controllers: [Echo] });
    const client = createClient({ ...connection, responseTopicPrefix: 'reply\u0002' });
    const { data, topic } = await client.request('echo\u0002', 1, { userProperties: { 'a\n': '\uffff' } });
    expect([data, topic.startsWith('reply\u0002/')]).toEqual([1, true]);
  });

  it('are no hindrance in a Client Identifier, which names topics of the transport', async () => {
    const { broker, url } = await startInProcessBroker();
    const client = createClient({ ...connectionTo(url), clientId: 'caller\u0002' });
    const subscribed = broker.waitFor('subscribe');
    await expect(client.request('nobody', 1, { qos: 1 })).rejects.toThrow(NoMatchingSubscribersError);
    expect((await subscribed).filters).toEqual([expect.stringMatching(/^reply\/caller_\//)]);
  });
});

describe('what the caller passes in is never changed', () => {
  it.each([5, 4] as const)('options of server and client (version %i)', async (protocolVersion) => {
    const { url } = await startInProcessBroker();
    const will = { topic: 'will', payload: Buffer.from('x'), qos: 0, retain: false } as const;
    const properties = protocolVersion === 5 ? { properties: { sessionExpiryInterval: 0 } } : {};
    const connection = { ...connectionTo(url, protocolVersion), ...properties, will };
    const server = deepFreeze<MqttServerOptions>({
      ...connection,
      subscribeOptions: { qos: 1, retry: { attempts: 2 } },
      publishOptions: { qos: 1 },
      qos0Buffer: { size: 10 },
    });
    const client = deepFreeze<MqttClientOptions>({ ...connection, publishOptions: { qos: 1 } });
    const before = structuredClone({ server, client });

    @Controller()
    class Something {
      @EventPattern<string>('something')
      handle(): void {}
    }

    await startServer(server, { controllers: [Something] });
    await createClient(client).publish('something', 1);
    expect({ server, client }).toEqual(before);
  });

  it('records and payloads', async () => {
    const { url } = await startInProcessBroker();

    @Controller()
    class Echo {
      @MessagePattern('echo')
      echo(): number {
        return 1;
      }
    }

    await startServer(connectionTo(url), { controllers: [Echo] });
    const client = createClient(connectionTo(url));
    const record = deepFreeze(new MqttRecordBuilder({ a: [1] }).setQoS(1).setUserProperties({ site: '7' }).build());
    const options = deepFreeze({ qos: 1, userProperties: { site: '7' } } as const);
    for (let i = 0; i < 2; i++) {
      await firstValueFrom(client.send('echo', record));
      await client.request('echo', { a: 1 }, options);
      await client.publish('event', record, options);
    }
    expect(record.options).toEqual({ qos: 1, userProperties: { site: '7' } });
  });
});
