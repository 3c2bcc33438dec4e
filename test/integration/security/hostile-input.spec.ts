import { describe, expect, it, jest } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { generate } from 'mqtt-packet';
import { MqttContext, type MqttServerOptions } from '../../../lib/index.js';
import { HostileBroker } from '../../fuzz/hostile-broker.js';
import { closeAfterTest } from '../../support/closing.js';
import { Journal } from '../../support/journal.js';
import { logs, transportLogs } from '../../support/logs.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

interface Taken {
  readonly data: unknown;
  readonly topic: string;
  readonly userProperties: Readonly<Record<string, unknown>> | undefined;
}

async function listening(options: Partial<MqttServerOptions> = {}) {
  const { broker, url } = await startInProcessBroker();
  const taken = new Journal<Taken>();
  const answers = new Journal<number | undefined>();
  broker.on('acknowledge', ({ cmd, reasonCode }) => {
    if (cmd === 'puback') answers.add(reasonCode);
  });

  @Controller()
  class Handlers {
    @EventPattern<string>('in/#', { qos: 1 })
    take(@Payload() data: unknown, @Ctx() context: MqttContext): void {
      taken.add({ data, topic: context.getTopic(), userProperties: context.userProperties });
    }

    @MessagePattern('echo')
    echo(@Payload() data: unknown): unknown {
      return data;
    }
  }

  await startServer({ ...connectionTo(url), ...options }, { controllers: [Handlers] });
  return { broker, url, taken, answers };
}

describe('maxPayloadBytes', () => {
  it('refuses a larger message before it is decoded, with 0x97', async () => {
    const codec = { encode: () => ({ payload: '' }), decode: jest.fn(() => 'decoded') };
    const { broker, taken, answers } = await listening({ maxPayloadBytes: 10, codec });
    broker.publish({ topic: 'in/large', payload: 'x'.repeat(11), qos: 1 });
    broker.publish({ topic: 'in/fits', payload: 'x'.repeat(10), qos: 1 });
    await taken.atLeast(1);
    expect(taken.entries.map(({ topic }) => topic)).toEqual(['in/fits']);
    expect(codec.decode).toHaveBeenCalledTimes(1);
    expect(await answers.atLeast(2)).toEqual([0x97, 0]);
  });
});

describe('JSON that means to pollute prototypes', () => {
  it('arrives as it is, by the codec, by Nest’s envelope and back in a reply, and pollutes nothing', async () => {
    const { broker, url, taken } = await listening();
    const evil = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    broker.publish({ topic: 'in/json', payload: evil });
    broker.publish({ topic: 'in/envelope', payload: `{"pattern":"in/envelope","data":${evil}}` });
    for (const { data } of await taken.atLeast(2)) {
      expect(Object.keys(data as object)).toEqual(['__proto__', 'constructor']);
      expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
    }
    const reply = await createClient(connectionTo(url)).request('echo', JSON.parse(evil));
    expect(JSON.stringify(reply.data)).toBe(evil);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('hostile names', () => {
  it('User Properties: `__proto__`, empty, huge and thousands reach the handler, and nothing else', async () => {
    const { broker, taken } = await listening();
    const userProperties = Object.create(null) as Record<string, string | string[]>;
    userProperties['__proto__'] = 'evil';
    userProperties[''] = '';
    userProperties['huge'] = 'x'.repeat(60_000);
    userProperties['many'] = Array.from({ length: 5_000 }, (_, n) => `${n}`);
    broker.publish({ topic: 'in/properties', payload: '1', properties: { userProperties } });
    const [message] = await taken.atLeast(1);
    const got = message!.userProperties!;
    expect(Object.keys(got).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['', '__proto__', 'huge', 'many']);
    expect((got['many'] as string[]).length).toBe(5_000);
    expect(({} as { evil?: unknown }).evil).toBeUndefined();
  });

  it('topics: as long as they can be, and of levels that are names of Object’s own', async () => {
    const { broker, taken } = await listening();
    const topics = [`in/${'x'.repeat(65_000)}`, `in${'/'.repeat(10_000)}`, 'in/__proto__/constructor', 'in/toString'];
    for (const topic of topics) broker.publish({ topic, payload: '1', qos: 1 });
    expect((await taken.atLeast(4)).map(({ topic }) => topic)).toEqual(topics);
  });
});

describe('malformed UTF-8', () => {
  it('in a payload that says it is text is a failure of that message alone', async () => {
    const { broker, taken, answers } = await listening();
    const payload = Buffer.from([0xff, 0xfe, 0xc0]);
    broker.publish({ topic: 'in/text', payload, qos: 1, properties: { contentType: 'text/plain' } });
    broker.publish({ topic: 'in/unsaid', payload, qos: 1 });
    expect(await taken.first(({ topic }) => topic === 'in/unsaid')).toMatchObject({ data: payload });
    await answers.atLeast(2);
  });

  it('in a topic or a User Property ends the connection, and the next one works', async () => {
    const hostile = await HostileBroker.listen(5);
    closeAfterTest(() => hostile.close());
    const taken = new Journal<unknown>();
    const client = createClient({ ...connectionTo(hostile.url), clientId: 'reader' });
    client.messages('in/#').subscribe({ next: ({ topic }) => taken.add(topic), error: taken.add });
    await hostile.connected();
    const properties = { userProperties: { name: 'value' } };
    const publish = (topic: string): Buffer =>
      generate(
        { cmd: 'publish', topic, payload: '1', qos: 0, dup: false, retain: false, properties },
        { protocolVersion: 5 },
      );
    const malformed = publish('in/bad?');
    malformed[malformed.indexOf('?')] = 0xff;
    malformed[malformed.indexOf('value')] = 0xc0;
    const ended = new Promise((resolve) => client.on('close', () => resolve('ended')));
    hostile.send(malformed);
    expect(await ended).toBe('ended');
    expect(transportLogs('warn')).toEqual([expect.stringContaining('UTF-8')]);
    const sending = setInterval(() => hostile.send(publish('in/after')), 10);
    closeAfterTest(() => clearInterval(sending));
    expect(await taken.first((topic) => topic === 'in/after')).toBeDefined();
    expect(taken.entries).not.toContain('in/bad?');
  });
});

describe('secrets', () => {
  it('of payloads and credentials are in no line of the log, whatever fails', async () => {
    const secret = 'hunter2';
    const { broker, url } = await listening({ username: 'ada', password: secret, clientId: 'keeper' });
    broker.publish({
      topic: 'in/json',
      payload: `{"password":"${secret}"`,
      qos: 1,
      properties: { contentType: 'application/json' },
    });
    const client = createClient({ ...connectionTo(url.replace('//', `//ada:${secret}@`)), clientId: 'other' });
    await client.publish('in/ok', secret);
    broker.faults.refuseConnections(0x86);
    broker.faults.drop('keeper');
    broker.faults.drop('other');
    await logs.until((lines) => lines.filter(({ level }) => level === 'error').length >= 2, 'both give up');
    const told = JSON.stringify([logs.entries, client.health()]);
    expect(told).not.toContain(secret);
  });
});
