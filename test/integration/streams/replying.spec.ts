import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { MqttClient } from 'mqtt';
import { interval, map, NEVER, of, startWith } from 'rxjs';
import { InvalidOptionsError, ServerMqtt, type MqttContext } from '../../../lib/index.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

const BYTES = Buffer.from('the same');

async function ask(peer: MqttClient, topic: string, responseTopic: string, payload = 'x'): Promise<void> {
  await peer.publishAsync(topic, payload, { qos: 1, properties: { responseTopic, correlationData: BYTES } });
}

async function twoStreams() {
  const { url } = await startInProcessBroker();
  const ended = new Journal<string>();

  @Controller()
  class Streams {
    @MessagePattern<string>('ticks')
    ticks(@Payload() name: string, @Ctx() { signal }: MqttContext) {
      signal.addEventListener('abort', () => ended.add(name));
      return interval(5).pipe(map(() => name));
    }
  }
  const { server } = await startServer(connectionTo(url), { controllers: [Streams] });
  const peer = await connectMqttJs(connectionTo(url));
  const [a, b] = [await subscribeMqttJs(peer, 'inbox/a'), await subscribeMqttJs(peer, 'inbox/b')];
  await ask(peer, 'ticks', 'inbox/a', 'a');
  await ask(peer, 'ticks', 'inbox/b', 'b');
  const [first] = await a.atLeast(1);
  await b.atLeast(1);
  const cancel = (properties: object) =>
    peer.publishAsync(first!.properties!.userProperties!['nest-control'] as string, '', {
      properties: { correlationData: BYTES, userProperties: { 'nest-cancel': '1' }, ...properties },
    });
  return { a, b, cancel, ended, server };
}

describe('streams of two callers with equal Correlation Data (fault 5)', () => {
  it('end each by itself', async () => {
    const { b, cancel, ended } = await twoStreams();
    await cancel({ responseTopic: 'inbox/a' });
    await ended.atLeast(1);
    await b.atLeast(b.size + 3);
    expect(ended.entries).toEqual(['a']);
  });

  it('do not end for a caller that does not say which of them it means', async () => {
    const { a, b, cancel, ended, server } = await twoStreams();
    await cancel({});
    await Promise.all([a.atLeast(a.size + 5), b.atLeast(b.size + 5)]);
    expect(ended.entries).toEqual([]);
    expect(server['runtime']!['host'].streams.openStreams).toBe(2);
  });
});

describe('a reply that is larger than the Maximum Packet Size of the broker (fault 8)', () => {
  it.each([
    ['a value', () => 'x'.repeat(5_000)],
    ['a value of a stream that goes on', () => NEVER.pipe(startWith('x'.repeat(5_000)))],
    ['a value behind others', () => of('a', 'x'.repeat(5_000), 'b')],
  ])('%s: its caller is told', async (_what, result) => {
    const { url } = await startInProcessBroker({ maximumPacketSize: 1_000 });

    @Controller()
    class Large {
      @MessagePattern<string>('large', { qos: 1 })
      large(): unknown {
        return result();
      }
    }
    await startServer({ ...connectionTo(url), publishOptions: { qos: 1 } }, { controllers: [Large] });
    const peer = await connectMqttJs(connectionTo(url));
    const answers = await subscribeMqttJs(peer, 'answers');
    await ask(peer, 'large', 'answers');
    const seen = await answers.until(
      (all) => all.some(({ properties }) => properties?.userProperties?.['nest-error'] !== undefined),
      'the failure',
    );
    const { payload, properties } = seen.at(-1)!;
    expect(JSON.parse(payload.toString())).toEqual({
      status: 'error',
      message: 'The reply is larger than the Maximum Packet Size of the broker',
    });
    expect(properties).toMatchObject({ correlationData: BYTES, userProperties: { 'nest-error': 'internal' } });
    expect(transportLogs('error')).toEqual([expect.stringMatching(/"large" was not sent: .*0x95/)]);
  });
});

describe('allowedResponseTopics (fault 9)', () => {
  it.each(['$aws/commands/#', '$SYS/x', '$share/g/x'])('refuses %s, which allows nothing', (filter) => {
    const construct = () => new ServerMqtt({ allowedResponseTopics: ['reply/#', filter] });
    expect(construct).toThrow(InvalidOptionsError);
    expect(construct).toThrow(`allowedResponseTopics[1]: "${filter}" matches nothing`);
  });
});

async function received() {
  const { url } = await startInProcessBroker();
  const seen = new Journal<unknown>();

  @Controller()
  class Events {
    @EventPattern<string>('e')
    event(@Payload() data: unknown, @Ctx() context: MqttContext): void {
      seen.add([data, context.getMetadata()]);
    }
  }
  await startServer(connectionTo(url), { controllers: [Events] });
  const peer = await connectMqttJs(connectionTo(url));
  return { seen, publish: (value: unknown) => peer.publishAsync('e', JSON.stringify(value)) };
}

describe('what a payload says of itself', () => {
  it('is a plain payload unless it has data or an id (fault 10)', async () => {
    const { seen, publish } = await received();
    await publish({ pattern: 'e', level: 3 });
    await publish({ pattern: 'e' });
    await publish({ pattern: 'e', data: { level: 3 } });
    expect(await seen.atLeast(3)).toEqual([
      [{ pattern: 'e', level: 3 }, undefined],
      [{ pattern: 'e' }, undefined],
      [{ level: 3 }, undefined],
    ]);
  });

  it("is metadata in Nest 12's envelope, which the context gives (fault 16)", async () => {
    const { seen, publish } = await received();
    await publish({ pattern: 'e', data: 1, metadata: { traceparent: '00-1', odd: 7 } });
    await publish({ pattern: 'e', data: 2, metadata: 'none' });
    expect(await seen.atLeast(2)).toEqual([
      [1, { traceparent: '00-1' }],
      [2, undefined],
    ]);
  });
});

describe('streams of two servers for one request', () => {
  it('name their server', async () => {
    const { url } = await startInProcessBroker();

    @Controller()
    class Numbers {
      @MessagePattern<string>('numbers')
      numbers() {
        return of(1, 2, 3);
      }
    }
    const start = () => startServer(connectionTo(url), { controllers: [Numbers] });
    await Promise.all([start(), start()]);
    const peer = await connectMqttJs(connectionTo(url));
    const answers = await subscribeMqttJs(peer, 'answers');
    await ask(peer, 'numbers', 'answers');
    const streams = new Map<string, string[]>();
    for (const { properties } of await answers.atLeast(6)) {
      const { 'nest-responder': responder, 'nest-stream': position } = properties!.userProperties as Record<
        string,
        string
      >;
      streams.set(responder!, [...(streams.get(responder!) ?? []), position!]);
    }
    expect([...streams.values()]).toEqual([
      ['0', '1', '2;last'],
      ['0', '1', '2;last'],
    ]);
  });
});
