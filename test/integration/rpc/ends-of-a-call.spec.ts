import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern, RpcException } from '@nestjs/microservices';
import { concat, delay, from, NEVER, of, throwError, type Observable } from 'rxjs';
import {
  BackpressureError,
  ConnectionClosedError,
  InvalidTopicError,
  NoMatchingSubscribersError,
  PayloadEncodeError,
  PublishRefusedError,
  RequestCancelledError,
  RequestTimeoutError,
  StreamGapError,
  SubscriptionRefusedError,
  type ClientMqtt,
  type MqttClientOptions,
  type MqttRecordOptions,
} from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { ClientInspection, NOTHING_HELD } from '../../support/client-inspection.js';
import { eventually } from '../../support/deadline.js';
import { HeldRuns } from '../../support/held-runs.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

@Controller()
class Ends {
  @MessagePattern('end/value')
  value(): number {
    return 42;
  }

  @MessagePattern('end/nothing')
  nothing(): void {}

  @MessagePattern('end/stream')
  stream() {
    return from([1, 2, 3]).pipe(delay(1));
  }

  @MessagePattern('end/rpc-error')
  rpcError(): never {
    throw new RpcException('out of stock');
  }

  @MessagePattern('end/unknown-error')
  unknownError(): never {
    throw new TypeError('nobody needs to know');
  }

  @MessagePattern('end/broken-stream')
  brokenStream() {
    return concat(
      of(1, 2).pipe(delay(1)),
      throwError(() => new RpcException('out of stock')),
    );
  }

  @MessagePattern('end/never')
  never(): Promise<never> {
    return new Promise(() => {});
  }

  @MessagePattern('end/endless')
  endless() {
    return concat(of(1), NEVER);
  }
}

/** What a caller got, to the end: values, then an error or 'complete'. */
class Heard extends Journal<unknown> {
  static of(call: Observable<unknown>): Heard {
    const heard = new Heard();
    heard.subscription = call.subscribe({
      next: (value) => heard.add({ value }),
      error: (error: unknown) => heard.add({ error }),
      complete: () => heard.add('complete'),
    });
    return heard;
  }

  private subscription!: { unsubscribe(): void };

  unsubscribe(): void {
    this.subscription.unsubscribe();
  }

  /** Everything, once there is an end. */
  async all(): Promise<unknown[]> {
    return this.until((entries) => entries.some((entry) => !isValue(entry)), 'the end of the call');
  }
}

function isValue(entry: unknown): boolean {
  return typeof entry === 'object' && entry !== null && 'value' in entry;
}

function isSecondOfStream(packet: object): boolean {
  return JSON.stringify(packet).includes('"nest-stream":"1"');
}

/** A client that has made a call, and what to look into it with. */
async function usedClient(options: MqttClientOptions): Promise<{ client: ClientMqtt; inspection: ClientInspection }> {
  const client = createClient(options);
  await client.request('end/value', 0);
  return { client, inspection: new ClientInspection(client) };
}

async function nothingIsLeft(inspection: ClientInspection): Promise<void> {
  await eventually(() => inspection.holdings().outgoing === 0, 'everything was sent and acknowledged');
  expect(inspection.holdings()).toEqual(NOTHING_HELD);
  expect(inspection.newListeners()).toEqual({});
}

const OUT_OF_STOCK = { status: 'error', message: 'out of stock' };

describeEachBroker('every end of a call leaves nothing behind', (broker) => {
  it.each<[pattern: string, heard: unknown[]]>([
    ['end/value', [{ value: 42 }, 'complete']],
    ['end/nothing', ['complete']],
    ['end/stream', [{ value: 1 }, { value: 2 }, { value: 3 }, 'complete']],
    ['end/rpc-error', [{ error: OUT_OF_STOCK }]],
    ['end/unknown-error', [{ error: { status: 'error', message: 'Internal server error' } }]],
    ['end/broken-stream', [{ value: 1 }, { value: 2 }, { error: OUT_OF_STOCK }]],
  ])('%s', async (pattern, expected) => {
    await startServer(broker.connection, { controllers: [Ends] });
    const { client, inspection } = await usedClient(broker.connection);
    const heard = Heard.of(client.send(pattern, 0));
    inspection.note();
    expect(await heard.all()).toEqual(expected);
    await nothingIsLeft(inspection);
  });

  it('no answer in time', async () => {
    await startServer({ ...broker.connection, gracefulTimeout: 0 }, { controllers: [Ends] });
    const { client, inspection } = await usedClient(broker.connection);
    const answer = client.request('end/never', 0, { timeout: 30 });
    inspection.note();
    await expect(answer).rejects.toThrow(RequestTimeoutError);
    await nothingIsLeft(inspection);
  });

  it('no end of a stream in time: its values, then the error', async () => {
    await startServer({ ...broker.connection, gracefulTimeout: 0 }, { controllers: [Ends] });
    const { client, inspection } = await usedClient({ ...broker.connection, requestTimeout: 1_000 });
    const heard = Heard.of(client.send('end/endless', 0));
    inspection.note();
    expect(await heard.all()).toEqual([{ value: 1 }, { error: expect.any(RequestTimeoutError) }]);
    await nothingIsLeft(inspection);
  });

  it('unsubscribed before the answer, and in mid-stream: nothing is heard any more', async () => {
    await startServer({ ...broker.connection, gracefulTimeout: 0 }, { controllers: [Ends] });
    const { client, inspection } = await usedClient(broker.connection);
    const waiting = Heard.of(client.send('end/never', 0));
    const streaming = Heard.of(client.send('end/endless', 0));
    inspection.note();
    await streaming.atLeast(1);
    waiting.unsubscribe();
    streaming.unsubscribe();
    await nothingIsLeft(inspection);
    expect([waiting.entries, streaming.entries]).toEqual([[], [{ value: 1 }]]);
  });

  it('aborted: before it began, and while it waits', async () => {
    await startServer({ ...broker.connection, gracefulTimeout: 0 }, { controllers: [Ends] });
    const { client, inspection } = await usedClient(broker.connection);
    const early = client.request('end/never', 0, { signal: AbortSignal.abort('too late') });
    const controller = new AbortController();
    const later = client.request('end/never', 0, { signal: controller.signal });
    inspection.note();
    await expect(early).rejects.toThrow(RequestCancelledError);
    controller.abort();
    await expect(later).rejects.toThrow(RequestCancelledError);
    await client.request('end/value', 0, { signal: new AbortController().signal });
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    await nothingIsLeft(inspection);
  });

  it('answered: the abort signal has no listener any more', async () => {
    await startServer(broker.connection, { controllers: [Ends] });
    const { client } = await usedClient(broker.connection);
    const { signal } = new AbortController();
    await client.request('end/value', 0, { signal });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('the client is closed: it may have been executed', async () => {
    await startServer({ ...broker.connection, gracefulTimeout: 0 }, { controllers: [Ends] });
    const { client, inspection } = await usedClient(broker.connection);
    const waiting = Heard.of(client.send('end/never', 0));
    const streaming = Heard.of(client.send('end/endless', 0));
    inspection.note();
    await streaming.atLeast(1);
    await client.close();
    const closed = { error: expect.any(ConnectionClosedError) };
    expect(await waiting.all()).toEqual([closed]);
    expect(await streaming.all()).toEqual([{ value: 1 }, closed]);
    expect(waiting.entries).toMatchObject([{ error: { maybeExecuted: true } }]);
    expect(inspection.holdings()).toEqual(NOTHING_HELD);
  });

  it('the client is closed before it was connected: it was not executed', async () => {
    const client = createClient(broker.connection);
    const answer = client.request('end/value', 0);
    await client.close();
    await expect(answer).rejects.toMatchObject({ name: 'ConnectionClosedError', maybeExecuted: false });
  });

  it.each<
    [what: string, topic: string, data: unknown, options: MqttRecordOptions, error: new (...args: never) => Error]
  >([
    ['a value that cannot be encoded', 'end/value', { big: 1n }, {}, PayloadEncodeError],
    ['a topic with a wildcard', 'end/+', 1, {}, InvalidTopicError],
    ['an empty topic', '', 1, {}, InvalidTopicError],
  ])('%s is refused, and nothing is sent', async (_what, topic, data, options, error) => {
    await startServer(broker.connection, { controllers: [Ends] });
    const { client, inspection } = await usedClient(broker.connection);
    await expect(client.request(topic, data, options)).rejects.toThrow(error);
    await nothingIsLeft(inspection);
  });
});

describeEachBroker(
  'ends of a call that only 5.0 knows',
  (broker) => {
    it('nobody subscribes', async () => {
      await startServer(broker.connection, { controllers: [Ends] });
      const { client, inspection } = await usedClient(broker.connection);
      const answer = client.request('end/nowhere', 0, { qos: 1 });
      inspection.note();
      await expect(answer).rejects.toThrow(NoMatchingSubscribersError);
      await nothingIsLeft(inspection);
    });

    it('the peer could not decode it', async () => {
      await startServer(broker.connection, { controllers: [Ends] });
      const { client, inspection } = await usedClient(broker.connection);
      const answer = client.request('end/value', '{"', { contentType: 'application/json' });
      await expect(answer).rejects.toMatchObject({ name: 'RemoteError', code: 'bad-request' });
      await nothingIsLeft(inspection);
    });

    it('its answer cannot be decoded here', async () => {
      const peer = await connectMqttJs(broker);
      const requests = await subscribeMqttJs(peer, 'end/value');
      const client = createClient(broker.connection);
      const answer = client.request('end/value', 0);
      const { responseTopic, correlationData } = (await requests.atLeast(1))[0]!.properties!;
      const properties = { correlationData, contentType: 'application/json' };
      await peer.publishAsync(responseTopic!, '{"', { properties });
      await expect(answer).rejects.toMatchObject({ name: 'PayloadDecodeError', topic: responseTopic });
      await nothingIsLeft(new ClientInspection(client));
    });

    it('an error code that is newer than this client is an error, with its details', async () => {
      const peer = await connectMqttJs(broker);
      const requests = await subscribeMqttJs(peer, 'end/value');
      const answer = createClient(broker.connection).request('end/value', 0);
      const { responseTopic, correlationData } = (await requests.atLeast(1))[0]!.properties!;
      const properties = { correlationData, userProperties: { 'nest-error': 'out-of-quota' } };
      await peer.publishAsync(responseTopic!, '{"left":0}', { properties });
      await expect(answer).rejects.toMatchObject({ name: 'RemoteError', code: 'out-of-quota', data: { left: 0 } });
    });

    it('two calls at once with the same Correlation Data: the second is refused', async () => {
      await startServer({ ...broker.connection, gracefulTimeout: 0 }, { controllers: [Ends] });
      const { client } = await usedClient(broker.connection);
      const correlationData = Buffer.from('mine');
      const first = client.request('end/never', 0, { correlationData, timeout: 200 });
      await expect(client.request('end/value', 0, { correlationData })).rejects.toThrow('correlationData');
      await expect(first).rejects.toThrow(RequestTimeoutError);
      expect((await client.request('end/value', 0, { correlationData })).correlationData).toEqual(correlationData);
    });
  },
  { versions: [5] },
);

describe('ends of a call by faults of the broker', () => {
  it.each([1, 2] as const)('the publish is refused (QoS %i)', async (qos) => {
    const { broker, url } = await startInProcessBroker();
    await startServer(connectionTo(url), { controllers: [Ends] });
    const { client, inspection } = await usedClient(connectionTo(url));
    broker.faults.refusePublishes('end/#', 0x87);
    const answer = client.request('end/value', 0, { qos });
    inspection.note();
    const error: unknown = await answer.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(PublishRefusedError);
    expect(error).toMatchObject({ topic: 'end/value', reasonCode: 0x87 });
    await nothingIsLeft(inspection);
  });

  it('nobody subscribes, at QoS 2, where the broker says so', async () => {
    const { url } = await startInProcessBroker();
    const answer = createClient(connectionTo(url)).request('end/nowhere', 0, { qos: 2 });
    await expect(answer).rejects.toThrow(NoMatchingSubscribersError);
  });

  it('the inbox is refused; the next call asks for it again', async () => {
    const { broker, url } = await startInProcessBroker();
    await startServer(connectionTo(url), { controllers: [Ends] });
    const heal = broker.faults.refuseSubscriptions(({ filter }) => filter.startsWith('reply/'), 0x87);
    const client = createClient(connectionTo(url));
    await expect(client.request('end/value', 0)).rejects.toThrow(SubscriptionRefusedError);
    heal();
    expect((await client.request('end/value', 0)).data).toBe(42);
    await nothingIsLeft(new ClientInspection(client));
  });

  it('the session is lost after the request was written: it may have been executed', async () => {
    const { broker, url } = await startInProcessBroker();
    await startServer({ ...connectionTo(url), gracefulTimeout: 0 }, { controllers: [Ends] });
    const { client, inspection } = await usedClient({ ...connectionTo(url), clientId: 'caller' });
    const asked = broker.waitFor('publish', ({ message }) => message.topic === 'end/never');
    const waiting = Heard.of(client.send('end/never', 0));
    const streaming = Heard.of(client.send('end/endless', 0));
    inspection.note();
    await Promise.all([asked, streaming.atLeast(1)]);
    broker.faults.drop('caller');
    const lost = { error: expect.objectContaining({ name: 'ConnectionClosedError', maybeExecuted: true }) };
    expect(await waiting.all()).toEqual([lost]);
    expect(await streaming.all()).toEqual([{ value: 1 }, lost]);
    expect((await client.request('end/value', 0)).data).toBe(42);
    await nothingIsLeft(inspection);
  });

  it('the connection is given up: those that were written may have been executed', async () => {
    const { broker, url } = await startInProcessBroker();
    await startServer({ ...connectionTo(url), gracefulTimeout: 0 }, { controllers: [Ends] });
    const options = { ...connectionTo(url), clientId: 'caller', reconnect: false as const };
    const { client, inspection } = await usedClient(options);
    const asked = broker.waitFor('publish', ({ message }) => message.topic === 'end/never');
    const answer = client.request('end/never', 0);
    inspection.note();
    await asked;
    broker.faults.drop('caller');
    await expect(answer).rejects.toMatchObject({ name: 'ConnectionClosedError', maybeExecuted: true });
    expect(inspection.holdings()).toEqual(NOTHING_HELD);
  });

  it("offline: 'fail' ends a call at once while there is no connection; it was not executed", async () => {
    const { broker, url } = await startInProcessBroker();
    await startServer(connectionTo(url), { controllers: [Ends] });
    const offline = new Journal<string>();
    const { client, inspection } = await usedClient({ ...connectionTo(url), clientId: 'caller', offline: 'fail' });
    client.status.subscribe((status) => offline.add(status));
    broker.faults.refuseConnections(0x88, { clientId: 'caller' });
    broker.faults.drop('caller');
    await offline.first((status) => status === 'reconnecting');
    const answer = client.request('end/value', 0);
    await expect(answer).rejects.toMatchObject({ name: 'ConnectionClosedError', maybeExecuted: false });
    await nothingIsLeft(inspection);
  });

  it("offline: 'queue' makes the call when there is a connection again", async () => {
    const { broker, url } = await startInProcessBroker();
    await startServer(connectionTo(url), { controllers: [Ends] });
    const offline = new Journal<string>();
    const { client, inspection } = await usedClient({ ...connectionTo(url), clientId: 'caller' });
    client.status.subscribe((status) => offline.add(status));
    const heal = broker.faults.refuseConnections(0x88, { clientId: 'caller' });
    broker.faults.drop('caller');
    await offline.first((status) => status === 'reconnecting');
    const answer = client.request('end/value', 0);
    inspection.note();
    heal();
    expect((await answer).data).toBe(42);
    await nothingIsLeft(inspection);
  });

  it("the time is up while the broker's window is full: it is never written", async () => {
    const acknowledging = new HeldRuns<string>();
    const authorizePublish = async ({ topic }: { topic: string }): Promise<boolean> => {
      if (topic === 'end/value') await acknowledging.hold(topic);
      return true;
    };
    const { broker, url } = await startInProcessBroker({ receiveMaximum: 1, authorizePublish });
    await startServer(connectionTo(url), { controllers: [Ends] });
    const client = createClient({ ...connectionTo(url), publishOptions: { qos: 1 } });
    await client.request('end/stream', 0);
    const inspection = new ClientInspection(client);
    const published = new Journal<string>();
    broker.on('publish', ({ message }) => published.add(message.topic));
    const first = client.request('end/value', 0);
    await expect(client.request('end/rpc-error', 0, { timeout: 30 })).rejects.toThrow(RequestTimeoutError);
    acknowledging.releaseAll();
    expect((await first).data).toBe(42);
    await client.request('end/nothing', 0);
    expect(published.entries.filter((topic) => topic.startsWith('end/'))).toEqual(['end/value', 'end/nothing']);
    await nothingIsLeft(inspection);
  });

  it('a value of a stream was lost', async () => {
    const { broker, url } = await startInProcessBroker();
    await startServer(connectionTo(url), { controllers: [Ends] });
    const { client, inspection } = await usedClient({ ...connectionTo(url), clientId: 'caller' });
    broker.faults.withhold('out', { cmd: 'publish', clientId: 'caller', when: isSecondOfStream });
    const heard = Heard.of(client.send('end/stream', 0));
    inspection.note();
    expect(await heard.all()).toEqual([{ value: 1 }, { error: expect.any(StreamGapError) }]);
    await nothingIsLeft(inspection);
  });
});

describe('maxPendingRequests', () => {
  it('the next call waits for room, and is made when there is some', async () => {
    const { url } = await startInProcessBroker();
    await startServer(connectionTo(url), { controllers: [Ends] });
    const { client, inspection } = await usedClient({ ...connectionTo(url), maxPendingRequests: 1 });
    const calls = Array.from({ length: 20 }, () => client.request('end/value', 0));
    inspection.note();
    expect(inspection.holdings()).toMatchObject({ requests: 20, awaitingReply: 1, awaitingRoom: 19 });
    expect((await Promise.all(calls)).map(({ data }) => data)).toEqual(Array(20).fill(42));
    await nothingIsLeft(inspection);
  });

  it('a call that finds no room within its time ends with BackpressureError, and nothing was sent', async () => {
    const { broker, url } = await startInProcessBroker();
    await startServer({ ...connectionTo(url), gracefulTimeout: 0 }, { controllers: [Ends] });
    const { client, inspection } = await usedClient({ ...connectionTo(url), maxPendingRequests: 1 });
    const published = new Journal<string>();
    broker.on('publish', ({ message }) => published.add(message.topic));
    const first = client.request('end/never', 0, { timeout: 200 });
    const second = client.request('end/value', 0, { timeout: 20 });
    inspection.note();
    await expect(second).rejects.toThrow(BackpressureError);
    await expect(first).rejects.toThrow(RequestTimeoutError);
    await nothingIsLeft(inspection);
    expect(published.entries).toEqual(['end/never']);
  });

  it('room that is given up goes to the next in line', async () => {
    const { url } = await startInProcessBroker();
    await startServer({ ...connectionTo(url), gracefulTimeout: 0 }, { controllers: [Ends] });
    const { client, inspection } = await usedClient({ ...connectionTo(url), maxPendingRequests: 1 });
    const first = Heard.of(client.send('end/never', 0));
    const second = Heard.of(client.send('end/never', 0));
    const third = client.request('end/value', 0);
    inspection.note();
    first.unsubscribe();
    second.unsubscribe();
    expect((await third).data).toBe(42);
    await nothingIsLeft(inspection);
  });

  it('is never exceeded, by a caller that asks again as soon as it is answered either', async () => {
    const { url } = await startInProcessBroker();
    await startServer(connectionTo(url), { controllers: [Ends] });
    const { client, inspection } = await usedClient({ ...connectionTo(url), maxPendingRequests: 1 });
    const pending: number[] = [];
    const answered = new Journal<string>();
    const ask = (name: string, again: () => void): void => {
      client.send('end/value', 0).subscribe({ complete: () => (answered.add(name), again()) });
      pending.push(inspection.holdings().awaitingReply);
    };
    ask('first', () => ask('third', () => {}));
    ask('second', () => {});
    await answered.atLeast(3);
    expect(Math.max(...pending)).toBe(1);
    expect(answered.entries).toEqual(['first', 'second', 'third']);
    await nothingIsLeft(inspection);
  });
});
