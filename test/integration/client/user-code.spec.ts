import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { finalize, firstValueFrom, identity, map, take, type OperatorFunction } from 'rxjs';
import { type ClientMqtt, type MqttClientOptions, type MqttCodec } from '../../../lib/index.js';
import { ClientInspection, NOTHING_HELD } from '../../support/client-inspection.js';
import { eventually } from '../../support/deadline.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

@Controller()
class Echo {
  @MessagePattern('echo')
  echo(@Payload() data: unknown): unknown {
    return data;
  }
}

const fail = (what: string) => (): never => {
  throw new Error(`${what} broke`);
};

async function scene(version: 4 | 5, options: MqttClientOptions = {}) {
  const { url } = await startInProcessBroker();
  await startServer(connectionTo(url, version), { controllers: [Echo] });
  const client = createClient({ ...connectionTo(url, version), ...options });
  await client.connect();
  return client;
}

async function nothingIsLeft(client: ClientMqtt): Promise<void> {
  const inspection = new ClientInspection(client);
  await eventually(() => inspection.holdings().outgoing === 0, 'everything was sent');
  expect(inspection.holdings()).toEqual(NOTHING_HELD);
  expect(client.health()).toMatchObject({ connected: true });
}

const works: MqttCodec = {
  encode: (value) => ({ payload: JSON.stringify(value) }),
  decode: (bytes) => JSON.parse(String(bytes)) as unknown,
};

describe.each([5, 4] as const)('what an application gives to a client may throw (version %i)', (version) => {
  it.each<[string, MqttClientOptions, RegExp]>([
    ['serializer', { serializer: { serialize: fail('serializer') } }, /cannot be encoded: serializer broke/],
    [
      'serializer that returns a promise',
      { serializer: { serialize: () => Promise.resolve({}) } },
      /the serializer returned a promise/,
    ],
    ['deserializer', { deserializer: { deserialize: fail('deserializer') } }, /cannot be decoded/],
    [
      'deserializer that returns a promise',
      { deserializer: { deserialize: () => Promise.resolve({}) as never } },
      /cannot be decoded/,
    ],
  ])('%s: the caller gets an error, and nothing is left', async (_, options, says) => {
    const client = await scene(version, options);
    await expect(client.request('echo', { a: 1 }, { timeout: 2_000 })).rejects.toThrow(says);
    await nothingIsLeft(client);
  });

  it('codec of the client: events and ad-hoc subscriptions too', async () => {
    let broken = false;
    const codec: MqttCodec = {
      encode: (value) => (broken ? fail('codec')() : works.encode(value)),
      decode: (...given) => (broken ? fail('codec')() : works.decode(...given)),
    };
    const client = await scene(version, { codec });
    const told = new Journal<unknown>();
    client.messages('a', { qos: 1 }).subscribe({ next: ({ data }) => told.add(data), error: told.add });
    await client.publish('a', 1, { qos: 1 });
    await told.atLeast(1);
    broken = true;
    await expect(client.publish('a', 1)).rejects.toThrow('codec broke');
    await expect(firstValueFrom(client.emit('a', 1))).rejects.toThrow('codec broke');
    await client.publish('a', 2, { codec: works, qos: 1 });
    expect((await told.atLeast(2))[1]).toMatchObject({ name: 'PayloadDecodeError', cause: { message: 'codec broke' } });
    await nothingIsLeft(client);
  });

  it('a subscriber of send() whose end throws: the log says so, and the client goes on', async () => {
    const client = await scene(version);
    client
      .send('echo', 1)
      .pipe(finalize(fail('finalize')))
      .subscribe();
    await eventually(() => transportLogs('error').length > 0, 'a line in the log');
    expect(transportLogs('error')).toEqual([
      expect.stringMatching(/^A subscriber of the request on "echo" threw: .*finalize broke/s),
    ]);
    expect((await client.request('echo', 2)).data).toBe(2);
    await nothingIsLeft(client);
  });

  it('a subscriber of messages() that throws: the log says so, the others go on', async () => {
    const client = await scene(version);
    const heard = new Journal<unknown>();
    const stream = client.messages('a', { qos: 1 });
    stream.pipe(take(1), finalize(fail('finalize'))).subscribe({ error: () => {} });
    client.messages('a', { qos: 1 }).subscribe(({ data }) => heard.add(data));
    await client.publish('a', 1, { qos: 1 });
    await client.publish('a', 2, { qos: 1 });
    expect(await heard.atLeast(2)).toEqual([1, 2]);
    expect((await client.request('echo', 2)).data).toBe(2);
    expect(client.health()).toMatchObject({ connected: true });
  });

  it.each<[string, MqttClientOptions, OperatorFunction<unknown, unknown>, (client: ClientMqtt) => unknown]>([
    ['at a message', {}, map(fail('map')), (client) => client.publish('a', 1)],
    ['at its error', { codec: { ...works, decode: fail('codec') } }, identity, (client) => client.publish('a', 1)],
    ['at its end', {}, identity, (client) => client.close()],
  ])('a subscriber of messages() that throws out of it %s: the log says so', async (_, options, operator, happens) => {
    const client = await scene(version, options);
    client
      .messages('a')
      .pipe(operator, finalize(fail('finalize')))
      .subscribe({ error: () => {} });
    await eventually(() => client.health()?.subscriptions.granted === 1, 'it is subscribed');
    await happens(client);
    await eventually(() => transportLogs('error').length > 0, 'a line in the log');
    expect(transportLogs('error')).toEqual([
      expect.stringMatching(/^A subscriber of messages\("a"\) threw: .*finalize broke/s),
    ]);
  });
});
