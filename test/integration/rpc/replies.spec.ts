import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import type { IClientPublishOptions, IPublishPacket, MqttClient } from 'mqtt';
import { MqttResponse, type MqttContext, type MqttResponseOptions, type PublishDefaults } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { HeldRuns } from '../../support/held-runs.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';

type QoS = 0 | 1 | 2;

const correlationData = Buffer.from([0, 255, 7]);

/** Asks as any MQTT 5 program would, and waits for what comes to its Response Topic. */
async function ask(
  peer: MqttClient,
  topic: string,
  payload: string,
  options: IClientPublishOptions = {},
): Promise<IPublishPacket> {
  const answers = await subscribeMqttJs(peer, `answers/${topic}`, { qos: 2 });
  const properties = { responseTopic: `answers/${topic}`, correlationData, ...options.properties };
  await peer.publishAsync(topic, payload, { ...options, properties });
  return (await answers.atLeast(1))[0]!;
}

describeEachBroker(
  'replies',
  (broker) => {
    it.each<
      [
        requestQoS: QoS,
        publishOptions: PublishDefaults | undefined,
        response: MqttResponseOptions | undefined,
        qos: QoS,
      ]
    >([
      [0, undefined, undefined, 0],
      [1, undefined, undefined, 1],
      [2, undefined, undefined, 2],
      [0, { qos: 1 }, undefined, 1],
      [2, { qos: 1 }, undefined, 2],
      [2, { qos: 2 }, { qos: 0 }, 0],
      [0, undefined, { qos: 2 }, 2],
    ])(
      'request at QoS %i, publishOptions %j, MqttResponse %j: QoS %i',
      async (requestQoS, publishOptions, response, qos) => {
        @Controller()
        class Answering {
          @MessagePattern('qos', { qos: 2 })
          answer(): unknown {
            return response ? new MqttResponse(1, response) : 1;
          }
        }

        const options = publishOptions ? { publishOptions } : {};
        await startServer({ ...broker.connection, ...options }, { controllers: [Answering] });
        const reply = await ask(await connectMqttJs(broker), 'qos', '', { qos: requestQoS });
        expect(reply.qos).toBe(qos);
      },
    );

    it('are not retained, whatever publishOptions say, unless the response says so', async () => {
      @Controller()
      class Answering {
        @MessagePattern('bare')
        bare(): number {
          return 1;
        }

        @MessagePattern('kept')
        kept(): MqttResponse {
          return new MqttResponse(2, { retain: true });
        }
      }

      await startServer({ ...broker.connection, publishOptions: { retain: true } }, { controllers: [Answering] });
      const peer = await connectMqttJs(broker);
      await ask(peer, 'bare', '', { qos: 1 });
      await ask(peer, 'kept', '', { qos: 1 });
      const later = await subscribeMqttJs(await connectMqttJs(broker), 'answers/#', { qos: 1 });
      await peer.publishAsync('answers/end', '');
      const seen = await later.until((entries) => entries.some(({ topic }) => topic === 'answers/end'), 'the end');
      expect(seen.map(({ topic, retain }) => [topic, retain])).toEqual([
        ['answers/kept', true],
        ['answers/end', false],
      ]);
      await peer.publishAsync('answers/kept', '', { retain: true, qos: 1 });
    });

    it('MqttResponse: every option goes over the wire', async () => {
      const options: Required<MqttResponseOptions> = {
        qos: 1,
        retain: false,
        userProperties: { version: '7.2', tags: ['a', 'b'] },
        contentType: 'application/zip',
        correlationData: Buffer.from('other'),
        messageExpiryInterval: 77,
        payloadFormatIndicator: true,
      };

      @Controller()
      class Answering {
        @MessagePattern('all')
        answer(): MqttResponse {
          return new MqttResponse('text', options);
        }
      }

      await startServer(broker.connection, { controllers: [Answering] });
      const { properties, payload, qos } = await ask(await connectMqttJs(broker), 'all', '');
      expect([payload.toString(), qos]).toEqual(['text', 1]);
      const { qos: _qos, retain: _retain, userProperties, messageExpiryInterval, ...others } = options;
      expect(properties).toMatchObject(others);
      expect({ ...properties!.userProperties }).toEqual(userProperties);
      expect(properties!.messageExpiryInterval).toBeLessThanOrEqual(messageExpiryInterval);
    });

    it("User Properties of publishOptions are on every reply; the response's own go before them", async () => {
      @Controller()
      class Answering {
        @MessagePattern('defaults')
        answer(): MqttResponse {
          return new MqttResponse(1, { userProperties: { own: 'yes', site: 'B' } });
        }
      }

      const publishOptions = { userProperties: { site: 'A', service: 'x' } };
      await startServer({ ...broker.connection, publishOptions }, { controllers: [Answering] });
      const { properties } = await ask(await connectMqttJs(broker), 'defaults', '');
      expect({ ...properties!.userProperties }).toEqual({ site: 'B', service: 'x', own: 'yes' });
    });

    it('bear the Correlation Data of the request, byte for byte, and what remains of its time', async () => {
      @Controller()
      class Answering {
        @MessagePattern('plain')
        answer(): number {
          return 1;
        }
      }

      const publishOptions = { messageExpiryInterval: 9_999 };
      await startServer({ ...broker.connection, publishOptions }, { controllers: [Answering] });
      const peer = await connectMqttJs(broker);
      const { properties } = await ask(peer, 'plain', '', { properties: { messageExpiryInterval: 100 } });
      expect(properties!.correlationData).toEqual(correlationData);
      expect(properties!.messageExpiryInterval).toBeLessThanOrEqual(100);
      expect(properties!.messageExpiryInterval).toBeGreaterThan(50);
    });

    it('publishOptions.messageExpiryInterval is for replies to requests that do not expire', async () => {
      @Controller()
      class Answering {
        @MessagePattern('plain')
        answer(): number {
          return 1;
        }
      }

      const publishOptions = { messageExpiryInterval: 9_999 };
      await startServer({ ...broker.connection, publishOptions }, { controllers: [Answering] });
      const { properties } = await ask(await connectMqttJs(broker), 'plain', '');
      expect(properties!.messageExpiryInterval).toBeGreaterThan(9_000);
    });

    it('of a handler that ends after the deadline are discarded; its signal was aborted; a stream ends there', async () => {
      const runs = new HeldRuns<string>();
      const aborted = new Journal<string>();

      @Controller()
      class Late {
        @MessagePattern<string>('late')
        async answer(@Payload() name: string, @Ctx() { signal }: MqttContext): Promise<string> {
          signal.addEventListener('abort', () => aborted.add((signal.reason as Error).message));
          await runs.hold(name);
          return name;
        }
      }

      await startServer(broker.connection, { controllers: [Late] });
      const peer = await connectMqttJs(broker);
      const answers = await subscribeMqttJs(peer, 'answers/late');
      const properties = { responseTopic: 'answers/late', correlationData };
      await peer.publishAsync('late', 'a', { properties: { ...properties, messageExpiryInterval: 1 } });
      await peer.publishAsync('late', 'b', { properties });
      await runs.started.atLeast(2);
      expect(await aborted.atLeast(1)).toEqual(['The message has expired.']);
      runs.release('a');
      await runs.ended.atLeast(1);
      runs.release('b');
      expect((await answers.atLeast(1)).map(({ payload }) => payload.toString())).toEqual(['b']);
      expect(aborted.size).toBe(1);
    });

    it('replies in an envelope: options of MqttResponse travel beside it', async () => {
      @Controller()
      class Answering {
        @MessagePattern('enveloped')
        answer(): MqttResponse {
          return new MqttResponse([1], { qos: 1, userProperties: { version: '7.2' }, contentType: 'image/png' });
        }
      }

      await startServer(broker.connection, { controllers: [Answering] });
      const reply = await createClient({ ...broker.connection, envelope: 'nest' }).request('enveloped', 0);
      expect(reply).toMatchObject({ data: [1], packet: { qos: 1 }, contentType: 'application/json' });
      expect({ ...reply.userProperties }).toEqual({ version: '7.2' });
    });
  },
  { versions: [5] },
);
