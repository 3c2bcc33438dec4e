import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { IClientPublishOptions } from 'mqtt';
import type { MqttServerOptions, RemoteError } from '../../../lib/index.js';
import { acknowledgementsOf } from '../../support/acknowledgements.js';
import { describeEachBroker, type BrokerUnderTest } from '../../support/broker-matrix.js';
import { eventually } from '../../support/deadline.js';
import { HeldRuns } from '../../support/held-runs.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { tapWire } from '../../support/wire-tap.js';

type Properties = NonNullable<IClientPublishOptions['properties']>;

interface OddRequest {
  readonly what: string;
  readonly topic?: string;
  readonly payload?: string;
  readonly properties: Properties;
  readonly server?: MqttServerOptions;
  /** Whether the handler runs. */
  readonly runs: boolean;
  /** Topic, payload and User Properties of what is sent. */
  readonly replies: readonly [topic: string, payload: string, userProperties?: object][];
  /** What the log says. */
  readonly warns?: string;
}

const correlationData = Buffer.from('c');

/** Every line of the table "Odd requests" in docs/reference/wire-contract.md, and some more. */
const ODD_REQUESTS: readonly OddRequest[] = [
  { what: 'no Response Topic', properties: { correlationData }, runs: true, replies: [] },
  {
    what: "no Response Topic, handler's own responseTopic",
    topic: 'static',
    properties: { correlationData },
    runs: true,
    replies: [['answers/static', '"x"']],
  },
  {
    what: "a Response Topic goes before the handler's own",
    topic: 'static',
    properties: { responseTopic: 'answers/asked', correlationData },
    runs: true,
    replies: [['answers/asked', '"x"']],
  },
  {
    what: 'no Correlation Data',
    properties: { responseTopic: 'answers/x' },
    runs: true,
    replies: [['answers/x', '"x"']],
  },
  {
    what: 'a $-topic as Response Topic',
    properties: { responseTopic: '$SYS/broker', correlationData },
    runs: false,
    replies: [],
    warns: 'begins with $',
  },
  {
    what: "the handler's own filter as Response Topic",
    properties: { responseTopic: 'odd/other', correlationData },
    runs: false,
    replies: [],
    warns: "the handler's own filter",
  },
  {
    what: 'a Response Topic outside allowedResponseTopics',
    properties: { responseTopic: 'answers/x', correlationData },
    server: { allowedResponseTopics: ['reply/#', 'inbox/+'] },
    runs: false,
    replies: [],
    warns: 'allowedResponseTopics',
  },
  {
    what: 'a Response Topic within allowedResponseTopics',
    properties: { responseTopic: 'answers/x', correlationData },
    server: { allowedResponseTopics: ['reply/#', 'answers/+'] },
    runs: true,
    replies: [['answers/x', '"x"']],
  },
  {
    what: 'undecodable',
    payload: '{"',
    properties: { responseTopic: 'answers/x', correlationData, contentType: 'application/json' },
    runs: false,
    replies: [
      ['answers/x', expect.stringContaining('cannot be decoded') as unknown as string, { 'nest-error': 'bad-request' }],
    ],
  },
  {
    what: 'undecodable, and nowhere to say so',
    payload: '{"',
    properties: { contentType: 'application/json' },
    runs: false,
    replies: [],
  },
  {
    what: 'noReply',
    topic: 'silent',
    properties: { responseTopic: 'answers/x', correlationData },
    runs: true,
    replies: [],
  },
  {
    what: 'an event handler is no responder',
    topic: 'event',
    properties: { responseTopic: 'answers/x', correlationData },
    runs: true,
    replies: [],
    warns: 'has only event handlers here and is not answered',
  },
  {
    what: 'an event handler does not mind its Response Topic',
    topic: 'event',
    properties: { responseTopic: '$SYS/broker', correlationData },
    runs: true,
    replies: [],
    warns: 'has only event handlers here and is not answered',
  },
];

/** What a strict broker does not let through. */
const MALFORMED_REQUESTS: readonly OddRequest[] = [
  {
    what: 'a Response Topic with wildcards',
    properties: { responseTopic: 'answers/+', correlationData },
    runs: false,
    replies: [],
    warns: 'wildcard',
  },
];

describeEachBroker('odd requests', (broker) => itAnswersAsDocumented(broker, ODD_REQUESTS), { versions: [5] });
describeEachBroker('malformed requests', (broker) => itAnswersAsDocumented(broker, MALFORMED_REQUESTS), {
  versions: [5],
  inProcess: [],
});

function itAnswersAsDocumented(broker: BrokerUnderTest, requests: readonly OddRequest[]): void {
  it.each(requests)('$what', async ({ topic = 'odd/x', payload = 'x', properties, server, runs, replies, warns }) => {
    const ran = new Journal<unknown>();

    @Controller()
    class Odd {
      @MessagePattern('odd/+')
      answer(@Payload() data: unknown): unknown {
        ran.add(data);
        return JSON.stringify(data);
      }

      @MessagePattern('static', { responseTopic: 'answers/static' })
      answerThere(@Payload() data: unknown): unknown {
        return this.answer(data);
      }

      @MessagePattern('silent', { noReply: true })
      silent(@Payload() data: unknown): unknown {
        return this.answer(data);
      }

      @EventPattern('event')
      event(@Payload() data: unknown): unknown {
        return this.answer(data);
      }

      @MessagePattern('last')
      last(): string {
        return 'last';
      }
    }

    const tap = await tapWire(broker.connection);
    await startServer({ ...tap.connection, subscribeOptions: { qos: 1 }, ...server }, { controllers: [Odd] });
    const peer = await connectMqttJs(broker);
    await peer.publishAsync(topic, payload, { qos: 1, properties });
    await peer.publishAsync('last', '', { qos: 1 });
    await tap.packets.until(
      () => acknowledgementsOf(tap, 'last').length > 0,
      'the acknowledgement of the last request',
    );
    const sent = tap.sent('client', 'publish');
    expect(sent.map((packet) => [packet.topic, packet.payload.toString(), packet.properties?.userProperties])).toEqual(
      replies.map(([to, text, userProperties]) => [to, text, userProperties]),
    );
    for (const packet of sent) {
      expect(packet.properties?.correlationData).toEqual(properties.correlationData);
      expect(packet.properties?.responseTopic).toBeUndefined();
      expect(packet.retain).toBe(false);
    }
    expect(ran.entries).toEqual(runs ? ['x'] : []);
    expect(acknowledgementsOf(tap, topic)).toHaveLength(1);
    const expected = warns === undefined ? [] : [warns];
    expect(transportLogs('warn')).toEqual(expected.map((text) => expect.stringContaining(text) as unknown));
  });
}

describe('many odd requests at once', () => {
  it('undecodable ones that have waited for a worker all end, one after the other', async () => {
    const { url } = await startInProcessBroker();
    const runs = new HeldRuns<string>();
    const waiting = 5_000;

    @Controller()
    class Busy {
      @MessagePattern('busy')
      async hold(@Payload() name: string): Promise<string> {
        await runs.hold(name);
        return name;
      }
    }

    const { server } = await startServer({ ...connectionTo(url), maxConcurrency: 1 }, { controllers: [Busy] });
    const client = createClient(connectionTo(url));
    const first = client.request('busy', 'first');
    await runs.started.atLeast(1);
    const odd = Array.from({ length: waiting }, () =>
      client.request('busy', '{"', { contentType: 'application/json' }),
    );
    const ends = Promise.allSettled(odd);
    await eventually(() => server['runtime']!['host'].counters.received > waiting, 'all of them wait');
    runs.releaseAll();
    await first;
    expect(new Set((await ends).map((end) => end.status === 'rejected' && (end.reason as RemoteError).code))).toEqual(
      new Set(['bad-request']),
    );
    expect((await client.request('busy', 'next')).data).toBe('next');
  });
});
