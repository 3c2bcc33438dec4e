import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { firstValueFrom, lastValueFrom, map, take, timeout, TimeoutError, toArray, type Subscription } from 'rxjs';
import {
  FeatureNotSupportedError,
  InvalidTopicError,
  PayloadDecodeError,
  SubscriptionRefusedError,
  jsonCodec,
  type ClientMqtt,
  type MessagesOptions,
  type MqttMessage,
} from '../../../lib/index.js';
import { acknowledgementsOf } from '../../support/acknowledgements.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { closeAfterTest } from '../../support/closing.js';
import { durable, resumeSession } from '../../support/durable-session.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { createClient } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { tapWire, type WireTap } from '../../support/wire-tap.js';

/** Listens until the test ends, or the subscription is unsubscribed. */
function listen(
  client: ClientMqtt,
  filter: string,
  options?: MessagesOptions,
): { seen: Journal<MqttMessage>; errors: Journal<unknown>; subscription: Subscription } {
  const seen = new Journal<MqttMessage>();
  const errors = new Journal<unknown>();
  const subscription = client.messages(filter, options).subscribe({ next: seen.add, error: errors.add });
  closeAfterTest(() => subscription.unsubscribe());
  return { seen, errors, subscription };
}

/** The broker has granted so many subscriptions to the tapped client. */
async function granted(tap: WireTap, count = 1): Promise<void> {
  await tap.packets.until(() => tap.sent('broker', 'suback').length >= count, `${count} SUBACK`);
}

const identity = (values: readonly unknown[]): unknown[] => [...values];
const distinct = (values: readonly unknown[]): unknown[] => [...new Set(values)];

const dataOf = (messages: readonly MqttMessage[]): unknown[] => messages.map(({ data }) => data);

describeEachBroker('client.messages() (row 27)', (broker) => {
  it('is subscribed when a ping behind it is answered', async () => {
    const client = createClient(broker.connection);
    await client.connect();
    const { seen } = listen(client, 'messages/pinged', { qos: 1 });
    expect(await client.ping(10_000)).toBe(true);
    await (await connectMqttJs(broker)).publishAsync('messages/pinged', 'hello', { qos: 1 });
    expect(dataOf(await seen.atLeast(1))).toEqual(['hello']);
  });

  it('as an observable: messages with all that came with them', async () => {
    const tap = await tapWire(broker.connection);
    const { seen } = listen(createClient(tap.connection), 'messages/+/a', { qos: 1 });
    await granted(tap);
    const version5 = broker.protocolVersion === 5;
    const properties = version5
      ? {
          properties: {
            userProperties: { site: '7' },
            contentType: 'text/plain',
            responseTopic: 'r',
            correlationData: Buffer.from('c'),
          },
        }
      : {};
    await (await connectMqttJs(broker)).publishAsync('messages/1/a', 'hello', { qos: 1, ...properties });
    const [{ packet, ack: _ack, nack: _nack, userProperties, ...message }] = (await seen.atLeast(1)) as [MqttMessage];
    expect({ ...message, userProperties: { ...userProperties } }).toEqual({
      data: 'hello',
      topic: 'messages/1/a',
      qos: 1,
      retain: false,
      contentType: version5 ? 'text/plain' : undefined,
      responseTopic: version5 ? 'r' : undefined,
      correlationData: version5 ? Buffer.from('c') : undefined,
      userProperties: version5 ? { site: '7' } : {},
    });
    expect(packet.payload).toEqual(Buffer.from('hello'));
  });

  it('for await: leaving the loop unsubscribes', async () => {
    const tap = await tapWire(broker.connection);
    const peer = await connectMqttJs(broker);
    const stream = createClient(tap.connection).messages<number>('messages/loop', { qos: 1 });
    const seen: number[] = [];
    const publishing = async (): Promise<void> => {
      await granted(tap);
      for (let i = 0; i < 5; i++) await peer.publishAsync('messages/loop', String(i), { qos: 1 });
    };
    const published = publishing();
    for await (const { data } of stream) {
      seen.push(data);
      if (data === 2) break;
    }
    await published;
    expect(seen).toEqual([0, 1, 2]);
    await tap.packets.until(() => tap.sent('broker', 'unsuback').length === 1, 'the UNSUBACK');
    expect(tap.sent('client', 'unsubscribe')).toMatchObject([{ unsubscriptions: ['messages/loop'] }]);
  });

  it('get one: take(1) with a timeout, of a retained message or of none', async () => {
    const client = createClient(broker.connection);
    const getOne = (topic: string, ms: number): Promise<MqttMessage> =>
      firstValueFrom(client.messages(topic).pipe(timeout(ms)));
    await client.publish('messages/kept', 21, { qos: 1, retain: true });
    expect((await getOne('messages/kept', 10_000)).data).toBe(21);
    await client.publish('messages/kept', '', { qos: 1, retain: true });
    await expect(getOne('messages/never', 30)).rejects.toBeInstanceOf(TimeoutError);
  });

  it('several listeners to one filter share a subscription; the last one to leave unsubscribes', async () => {
    const tap = await tapWire(broker.connection);
    const client = createClient(tap.connection);
    const first = listen(client, 'messages/shared/+');
    const second = listen(client, 'messages/shared/+');
    await granted(tap);
    await client.publish('messages/shared/1', 1);
    expect(dataOf(await first.seen.atLeast(1))).toEqual([1]);
    expect(dataOf(await second.seen.atLeast(1))).toEqual([1]);
    first.subscription.unsubscribe();
    await client.publish('messages/shared/2', 2);
    expect(dataOf(await second.seen.atLeast(2))).toEqual([1, 2]);
    expect(first.seen.size).toBe(1);
    expect(tap.sent('client', 'unsubscribe')).toEqual([]);
    second.subscription.unsubscribe();
    await tap.packets.until(() => tap.sent('broker', 'unsuback').length === 1, 'the UNSUBACK');
    expect(tap.sent('client', 'subscribe')).toHaveLength(1);
    const third = listen(client, 'messages/shared/+');
    await granted(tap, 2);
    await client.publish('messages/shared/3', 3);
    expect(dataOf(await third.seen.atLeast(1))).toEqual([3]);
  });

  it('a listener that asks for a higher QoS gets it, without the others losing theirs', async () => {
    const tap = await tapWire(broker.connection);
    const client = createClient(tap.connection);
    const peer = await connectMqttJs(broker);
    const low = listen(client, 'messages/qos', { qos: 0 });
    await granted(tap);
    const high = listen(client, 'messages/qos', { qos: 1 });
    await granted(tap, 2);
    const lowest = listen(client, 'messages/qos', { qos: 0 });
    await peer.publishAsync('messages/qos', 'x', { qos: 1 });
    for (const { seen } of [low, high, lowest]) expect((await seen.atLeast(1))[0]!.qos).toBe(1);
    expect(tap.sent('client', 'subscribe')).toHaveLength(2);
  });

  it('whoever leaves before there is a connection subscribes nothing', async () => {
    const tap = await tapWire(broker.connection);
    const client = createClient(tap.connection);
    client.messages('messages/left').subscribe().unsubscribe();
    await client.messages('messages/left')[Symbol.asyncIterator]().return!();
    await client.publish('messages/left', 1, { qos: 1 });
    expect(tap.sent('client', 'subscribe')).toEqual([]);
  });

  it('overlapping filters: each listener gets each message that its own filter matches', async () => {
    const tap = await tapWire(broker.connection);
    const client = createClient(tap.connection);
    const filters = ['messages/o/#', 'messages/o/+', 'messages/o/1'];
    const all = filters.map((filter) => listen(client, filter, { qos: 1 }));
    await granted(tap, 3);
    const peer = await connectMqttJs(broker);
    const sent = [
      ['1', 1],
      ['2', 2],
      ['a/b', 'a/b'],
      ['1', 3],
      ['1', 'last'],
    ] as const;
    for (const [level, data] of sent) await peer.publishAsync(`messages/o/${level}`, `"${data}"`, { qos: 1 });
    for (const { seen } of all) await seen.first(({ data }) => data === 'last');
    // without Subscription Identifiers nothing tells whether a copy is for this listener or for another one
    const once = broker.protocolVersion === 5 ? identity : distinct;
    expect(all.map(({ seen }) => once(seen.entries.map(({ data }) => data)))).toEqual([
      ['1', '2', 'a/b', '3', 'last'],
      ['1', '2', '3', 'last'],
      ['1', '3', 'last'],
    ]);
  });

  it.each([
    ['acknowledged when it has been handed over', false, 1],
    ['left to ack() with manualAck', true, 0],
  ] as const)('a message is %s', async (_what, manualAck, atOnce) => {
    const tap = await tapWire(broker.connection);
    const client = createClient(tap.connection);
    const { seen } = listen(client, 'messages/ack', { qos: 1, manualAck });
    await granted(tap);
    const peer = await connectMqttJs(broker);
    await peer.publishAsync('messages/ack', 'x', { qos: 1 });
    const [message] = await seen.atLeast(1);
    await client.ping(10_000); // what is said about the message goes out before
    expect(acknowledgementsOf(tap, 'messages/ack')).toHaveLength(atOnce);
    message!.ack();
    message!.ack();
    await tap.packets.until(() => acknowledgementsOf(tap, 'messages/ack').length === 1, 'the acknowledgement');
  });

  it('manualAck: what was not acknowledged, or was withheld, comes again when the session is resumed', async () => {
    const connection = durable(broker.connection);
    const tap = await tapWire(connection);
    const client = createClient({ ...connection, url: tap.connection.url });
    const { seen } = listen(client, 'messages/again', { qos: 1, manualAck: true });
    await granted(tap);
    const peer = await connectMqttJs(broker);
    for (const payload of ['withheld', 'open']) await peer.publishAsync('messages/again', payload, { qos: 1 });
    const [first] = await seen.atLeast(2);
    first!.nack();
    tap.cut(); // nothing is acknowledged by closing in order either: the next one on this session gets both
    await client.close();
    const later = resumeSession(connection);
    expect((await later.atLeast(2)).map(({ payload }) => payload.toString())).toEqual(['withheld', 'open']);
  });

  it('a slow for await: QoS 0 messages beyond bufferSize are dropped, the oldest first; QoS 1 are not', async () => {
    const tap = await tapWire(broker.connection);
    const client = createClient(tap.connection);
    const iterator = client.messages('messages/slow', { qos: 1, bufferSize: 3 })[Symbol.asyncIterator]();
    const last = listen(client, 'messages/slow', { qos: 1 });
    await granted(tap);
    const peer = await connectMqttJs(broker);
    for (let i = 0; i < 10; i++) await peer.publishAsync('messages/slow', String(i), { qos: i === 4 ? 1 : 0 });
    await peer.publishAsync('messages/slow', '"end"', { qos: 1 });
    await last.seen.first(({ data }) => data === 'end');
    const got: unknown[] = [];
    for (let i = 0; i < 5; i++) got.push(((await iterator.next()).value as MqttMessage).data);
    expect(got).toEqual([4, 7, 8, 9, 'end']);
    await iterator.return!();
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('goes on when the connection is cut and the session is lost, for listeners and loops', async () => {
    const tap = await tapWire(broker.connection);
    const client = createClient(tap.connection);
    const { seen, errors } = listen(client, 'messages/cut', { qos: 1 });
    const looped = lastValueFrom(
      client.messages('messages/cut', { qos: 1 }).pipe(
        take(2),
        map(({ data }) => data),
        toArray(),
      ),
    );
    await granted(tap);
    const peer = await connectMqttJs(broker);
    await peer.publishAsync('messages/cut', 'before', { qos: 1 });
    await seen.atLeast(1);
    tap.cut();
    await granted(tap, 2);
    await peer.publishAsync('messages/cut', 'after', { qos: 1 });
    expect(dataOf(await seen.atLeast(2))).toEqual(['before', 'after']);
    expect(await looped).toEqual(['before', 'after']);
    expect(errors.entries).toEqual([]);
  });

  it('ends when the client is closed: a listener completes, a loop is left', async () => {
    const tap = await tapWire(broker.connection);
    const client = createClient(tap.connection);
    const collected = lastValueFrom(client.messages('messages/close').pipe(toArray()));
    const next = client.messages('messages/close')[Symbol.asyncIterator]().next();
    await granted(tap);
    await client.close();
    expect(await collected).toEqual([]);
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it('a payload that cannot be decoded ends the stream with a typed error, and is not acknowledged as taken', async () => {
    const tap = await tapWire(broker.connection);
    const { errors } = listen(createClient(tap.connection), 'messages/bad', { codec: jsonCodec });
    await granted(tap);
    await (await connectMqttJs(broker)).publishAsync('messages/bad', '{broken');
    const [error] = await errors.atLeast(1);
    expect(error).toBeInstanceOf(PayloadDecodeError);
    expect((error as PayloadDecodeError).topic).toBe('messages/bad');
    await tap.packets.until(() => tap.sent('broker', 'unsuback').length === 1, 'the UNSUBACK');
  });

  it('in a group, which listeners of several processes share', async () => {
    const seen = new Journal<unknown>();
    for (let i = 0; i < 2; i++) {
      const tap = await tapWire(broker.connection);
      createClient(tap.connection)
        .messages('messages/group', { shared: 'g', qos: 1 })
        .subscribe(({ data }) => seen.add(data));
      await granted(tap);
    }
    const peer = await connectMqttJs(broker);
    for (let i = 0; i < 10; i++) await peer.publishAsync('messages/group', String(i), { qos: 1 });
    expect((await seen.atLeast(10)).map(Number).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe.each([5, 4] as const)('client.messages() that cannot be (version %i)', (protocolVersion) => {
  it('a refused subscription is an error, for every listener; the next one asks again', async () => {
    let allowed = false;
    const { url } = await startInProcessBroker({ authorizeSubscribe: () => allowed });
    const client = createClient(connectionTo(url, protocolVersion));
    const refused = [firstValueFrom(client.messages('no')), firstValueFrom(client.messages('no'))];
    for (const promise of refused) await expect(promise).rejects.toBeInstanceOf(SubscriptionRefusedError);
    const loop = client.messages('no')[Symbol.asyncIterator]().next();
    await expect(loop).rejects.toBeInstanceOf(SubscriptionRefusedError);
    allowed = true;
    const { seen } = listen(client, 'no');
    while (seen.size === 0) {
      await client.publish('no', 'now');
      await sleep(1);
    }
    expect(seen.entries[0]!.data).toBe('now');
  });

  it.each(['', 'a+', 'a/#/b', '$share/g'])('%j is no Topic Filter', async (filter) => {
    const { url } = await startInProcessBroker();
    expect(() => createClient(connectionTo(url, protocolVersion)).messages(filter)).toThrow(InvalidTopicError);
  });

  it('a connection that is given up ends it', async () => {
    const { broker, url } = await startInProcessBroker();
    const reconnect = { initialDelay: 1, maxDelay: 1, maxAttempts: 1 };
    const client = createClient({ ...connectionTo(url, protocolVersion), reconnect });
    const { errors, seen } = listen(client, 'gone');
    const subscribed = broker.waitFor('subscribe', () => true);
    await subscribed;
    await broker.close();
    const [error] = await errors.atLeast(1);
    expect(error).toBeInstanceOf(Error);
    expect(seen.size).toBe(0);
  });
});

describe('client.messages() on 3.1.1', () => {
  it.each(['nl', 'rap', 'rh'] as const)('%s is refused', async (name) => {
    const { url } = await startInProcessBroker();
    const client = createClient(connectionTo(url, 4));
    expect(() => client.messages('a', { [name]: name === 'rh' ? 1 : true })).toThrow(FeatureNotSupportedError);
  });
});
