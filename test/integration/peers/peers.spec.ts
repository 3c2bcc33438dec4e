import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { describeWhereInstalled } from '../../support/executables.js';
import { Journal } from '../../support/journal.js';
import { runMosquittoClient } from '../../support/mosquitto-clients.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';

@Controller()
class Service {
  static readonly seen = new Journal<unknown>();

  @EventPattern('peers/telemetry/+', { qos: 2 })
  telemetry(@Payload() data: unknown): void {
    Service.seen.add(data);
  }

  @MessagePattern('peers/greet')
  greet(@Payload() name: string): string {
    return `Hello, ${name}`;
  }

  @MessagePattern('peers/sum')
  sum(@Payload() numbers: number[]): object {
    return { sum: numbers.reduce((a, b) => a + b, 0) };
  }
}

describeEachBroker('peers', (broker) => {
  describeWhereInstalled(['mosquitto_pub'], 'mosquitto_pub', () => {
    it.each(['0', '1', '2'])('reaches an @EventPattern handler at QoS %s', async (qos) => {
      Service.seen.clear();
      await startServer(broker.connection, { controllers: [Service] });
      const version = broker.protocolVersion === 5 ? 'mqttv5' : 'mqttv311';
      const args = ['-V', version, '-q', qos, '-t', 'peers/telemetry/7', '-m', '{"celsius":21}'];
      await runMosquittoClient('mosquitto_pub', broker.url, args);
      expect(await Service.seen.atLeast(1)).toEqual([{ celsius: 21 }]);
    });
  });
});

describeEachBroker(
  'peers in request and response',
  (broker) => {
    describeWhereInstalled(['mosquitto_rr'], 'mosquitto_rr', () => {
      it.each([
        ['text', 'peers/greet', 'Ada', 'Hello, Ada'],
        ['an object', 'peers/sum', '[1,2,3]', '{"sum":6}'],
      ])('gets a bare reply: %s', async (_name, topic, message, answer) => {
        await startServer(broker.connection, { controllers: [Service] });
        const args = ['-V', 'mqttv5', '-t', topic, '-e', 'peers/answers', '-m', message, '-W', '5'];
        expect(await runMosquittoClient('mosquitto_rr', broker.url, args)).toBe(`${answer}\n`);
      });
    });

    it('a raw MQTT.js responder answers client.send()', async () => {
      const responder = await connectMqttJs(broker);
      const requests = await subscribeMqttJs(responder, 'peers/raw/+', { qos: 1 });
      const client = createClient(broker.connection);
      const answer = lastValueFrom(client.send('peers/raw/double', 21).pipe(toArray()));
      const [{ payload, properties }] = (await requests.atLeast(1)) as [(typeof requests.entries)[number]];
      const { responseTopic, correlationData } = properties!;
      await responder.publishAsync(responseTopic!, String(2 * Number(payload.toString())), {
        properties: { correlationData },
      });
      expect(await answer).toEqual([42]);
    });

    it('a raw MQTT.js requester with Correlation Data and User Properties of its own is answered', async () => {
      await startServer(broker.connection, { controllers: [Service] });
      const requester = await connectMqttJs(broker);
      const answers = await subscribeMqttJs(requester, 'peers/own/answers', { qos: 1 });
      const correlationData = Buffer.from([0, 1, 2, 0xff]);
      const properties = { responseTopic: 'peers/own/answers', correlationData, userProperties: { site: '7' } };
      await requester.publishAsync('peers/greet', 'Ada', { qos: 1, properties });
      const [answer] = await answers.atLeast(1);
      expect([answer!.payload.toString(), answer!.properties!.correlationData]).toEqual([
        'Hello, Ada',
        correlationData,
      ]);
      expect(answer!.properties!.contentType).toBe('text/plain');
    });

    it('without Correlation Data the reply has none', async () => {
      await startServer(broker.connection, { controllers: [Service] });
      const requester = await connectMqttJs(broker);
      const answers = await subscribeMqttJs(requester, 'peers/own/answers');
      await requester.publishAsync('peers/greet', 'Ada', { properties: { responseTopic: 'peers/own/answers' } });
      expect((await answers.atLeast(1))[0]!.properties).not.toHaveProperty('correlationData');
    });

    it.each(['peers/greet', '$SYS/answers'])('the Response Topic %s is not answered on', async (responseTopic) => {
      const ran = new Journal<unknown>();

      @Controller()
      class Greeter {
        @MessagePattern('peers/greet')
        greet(@Payload() name: string): string {
          ran.add(name);
          return `Hello, ${name}`;
        }
      }

      await startServer({ ...broker.connection, allowedResponseTopics: ['#'] }, { controllers: [Greeter] });
      const client = createClient(broker.connection);
      const requester = await connectMqttJs(broker);
      await requester.publishAsync('peers/greet', 'Eve', { qos: 1, properties: { responseTopic } });
      expect(await firstValueFrom(client.send('peers/greet', 'Ada'))).toBe('Hello, Ada');
      expect(ran.entries).toEqual(['Ada']);
    });
  },
  { versions: [5] },
);
