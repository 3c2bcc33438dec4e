import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { IPublishPacket } from 'mqtt-packet';
import { MqttResponse, PublishTo } from '../../../lib/index.js';
import { acknowledged, acknowledgedPayloads } from '../../support/acknowledgements.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { tapWire } from '../../support/wire-tap.js';
import { startUnixBroker, type RawBroker } from './raw-broker.js';

/** So long that no PINGREQ takes along what was left behind. */
const KEEPALIVE_SECONDS = 30;
const BURST = 900;
const REQUESTS = 5_000;
const WORKERS = 4;
const REPLY = 'x'.repeat(10_000);
/** More than writer and kernel hold together; all replies are 50 MB. */
const HELD_BYTES = 2_000_000;
/** Turns of the event loop in which nothing more happens. */
const QUIET_TURNS = 300;
/** With it the results of a burst fill several slabs of 64 KiB. */
const RESULT = 'x'.repeat(400);

@Controller()
class Writing {
  @PublishTo('writing/result', { qos: 0 })
  @EventPattern<string>('writing/event')
  event(@Payload() n: number): string {
    return `${n} ${RESULT}`;
  }

  @MessagePattern('writing/request')
  request(@Payload() n: number): MqttResponse {
    return new MqttResponse(n, { qos: 0 });
  }
}

describeEachBroker(
  'a server that writes at QoS 0 and acknowledges in one turn, keepalive 30 s',
  (broker) => {
    it.each([1, 2] as const)(
      'row 1: the event at QoS %i of a handler that publishes at QoS 0 through @PublishTo is acknowledged at once',
      async (qos) => {
        const tap = await tapWire(broker.connection);
        const options = { ...tap.connection, keepalive: KEEPALIVE_SECONDS, subscribeOptions: { qos } };
        await startServer(options, { controllers: [Writing] });
        const peer = await connectMqttJs(broker);
        for (const payload of ['1', '2']) {
          await peer.publishAsync('writing/event', payload, { qos });
          await acknowledged(tap, payload);
        }
        expect(acknowledgedPayloads(tap)).toEqual(['1', '2']);
        expect(tap.sent('client', 'pingreq')).toEqual([]);
      },
    );

    it.each([1, 2] as const)(
      'row 1: the request at QoS %i that is answered with new MqttResponse(x, { qos: 0 }) is acknowledged at once',
      async (qos) => {
        const tap = await tapWire(broker.connection);
        const options = { ...tap.connection, keepalive: KEEPALIVE_SECONDS, subscribeOptions: { qos } };
        await startServer(options, { controllers: [Writing] });
        const client = createClient({ ...broker.connection, envelope: 'nest', publishOptions: { qos } });
        expect((await client.request('writing/request', 1)).data).toBe(1);
        await tap.packets.until(() => acknowledgedPayloads(tap).length === 1, 'the acknowledgement of the request');
        const replies = tap.sent('client', 'publish');
        expect(replies.map((reply) => reply.qos)).toEqual([0]);
        expect(tap.sent('client', 'pingreq')).toEqual([]);
      },
    );

    it.each([1, 2] as const)(
      'row 2: of 900 such events in a burst at QoS %i each is acknowledged, once, in order',
      async (qos) => {
        const tap = await tapWire(broker.connection);
        const options = { ...tap.connection, keepalive: KEEPALIVE_SECONDS, maxConcurrency: 1_000 };
        await startServer({ ...options, subscribeOptions: { qos } }, { controllers: [Writing] });
        const peer = await connectMqttJs(broker);
        const results = await subscribeMqttJs(peer, 'writing/result');
        const numbers = Array.from({ length: BURST }, (_, n) => String(n));
        for (const payload of numbers) peer.publish('writing/event', payload, { qos });
        const word = qos === 1 ? 'puback' : 'pubrec';
        await tap.packets.until(() => tap.sent('client', word).length >= BURST, 'all acknowledgements');
        expect(acknowledgedPayloads(tap)).toEqual(numbers);
        const numbered = (await results.atLeast(BURST)).map(({ payload }) => payload.toString().split(' ')[0]);
        expect(numbered).toEqual(numbers);
      },
    );
  },
  { mosquitto: { config: ['max_inflight_messages 1000'] } },
);

/** Resolves when a number has come to rest. */
async function atRest(value: () => number): Promise<number> {
  let last = -1;
  for (let turns = 0; turns < QUIET_TURNS; turns++) {
    if (value() !== last) [last, turns] = [value(), 0];
    await new Promise((resolve) => setImmediate(resolve));
  }
  return last;
}

function asked(version: 4 | 5, qos: 0 | 1 | 2, n: number): IPublishPacket {
  const packet = { cmd: 'publish', qos, retain: false, dup: false, ...(qos > 0 && { messageId: n }) } as const;
  if (version === 4) {
    const payload = JSON.stringify({ pattern: 'deaf/request', data: n, id: String(n) });
    return { ...packet, topic: 'deaf/request', payload };
  }
  const correlationData = Buffer.from(String(n));
  return {
    ...packet,
    topic: 'deaf/request',
    payload: String(n),
    properties: { responseTopic: 'answer', correlationData },
  };
}

/** What a packet from the server answers; undefined when it is no answer. */
function answered(packet: IPublishPacket): number {
  if (packet.topic === 'deaf/result') return Number(packet.payload.toString().split(' ')[0]);
  const { correlationData } = packet.properties ?? {};
  return Number(correlationData?.toString() ?? (JSON.parse(packet.payload.toString()) as { id: string }).id);
}

describe.each([5, 4] as const)('row 4: a broker that stops reading, protocol version %i', (version) => {
  it.each([0, 1, 2] as const)(
    '5,000 requests at QoS %i to a server with maxConcurrency 4 and replies of 10 kB: few handlers run, and all when it reads again',
    async (qos) => {
      let runs = 0;

      @Controller()
      class Deaf {
        @MessagePattern('deaf/request')
        request(): string {
          runs++;
          return REPLY;
        }
      }

      const { broker, connection } = await startUnixBroker(version);
      const options = { ...connection, maxConcurrency: WORKERS, subscribeOptions: { qos } };
      await startServer(options, { controllers: [Deaf] });
      broker.pause();
      const numbers = Array.from({ length: REQUESTS }, (_, i) => i + 1);
      broker.send(...numbers.map((n) => asked(version, qos, n)));
      expect((await atRest(() => runs)) * REPLY.length).toBeLessThan(HELD_BYTES);
      expect(runs).toBeGreaterThanOrEqual(WORKERS);
      await answersAll(broker, numbers);
      expect(runs).toBe(REQUESTS);
    },
  );

  it.each([0, 1] as const)(
    '5,000 events to a server with maxConcurrency 4 and @PublishTo results of 10 kB at QoS %i: the same',
    async (qos) => {
      let runs = 0;

      @Controller()
      class Deaf {
        @PublishTo('deaf/result', { qos })
        @EventPattern<string>('deaf/event')
        event(@Payload() n: number): string {
          runs++;
          return `${n} ${REPLY}`;
        }
      }

      const { broker, connection } = await startUnixBroker(version);
      await startServer({ ...connection, maxConcurrency: WORKERS }, { controllers: [Deaf] });
      broker.pause();
      const numbers = Array.from({ length: REQUESTS }, (_, i) => i + 1);
      const event = { cmd: 'publish', topic: 'deaf/event', qos: 0, retain: false, dup: false } as const;
      broker.send(...numbers.map((n) => ({ ...event, payload: String(n) })));
      expect((await atRest(() => runs)) * REPLY.length).toBeLessThan(HELD_BYTES);
      await answersAll(broker, numbers);
      expect(runs).toBe(REQUESTS);
    },
  );
});

/** The broker reads again: every answer comes, and each once. */
async function answersAll(broker: RawBroker, numbers: readonly number[]): Promise<void> {
  const answers = new Journal<number>();
  broker.onPublish = (packet) => answers.add(answered(packet));
  broker.resume();
  const all = await answers.atLeast(numbers.length);
  expect(all.toSorted((a, b) => a - b)).toEqual(numbers);
}
