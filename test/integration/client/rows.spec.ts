// Rows of docs/reference/faststream.md that need no file of their own.
import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { MqttSubscription, PublishTo } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';

const RESPONSE_TOPIC = 'rows/answers';

@Controller()
@MqttSubscription({ responseTopic: RESPONSE_TOPIC, noReply: true })
class Silent {
  @MessagePattern('rows/silent')
  @PublishTo('rows/done')
  silent(@Payload() data: string): string {
    return data;
  }

  @MqttSubscription({ noReply: false })
  @MessagePattern('rows/talking')
  talking(@Payload() data: string): string {
    return data;
  }
}

describeEachBroker('noReply (row 12)', (broker) => {
  it('what a request handler returns is not sent, neither where the request nor where the handler says', async () => {
    await startServer(broker.connection, { controllers: [Silent] });
    const peer = await connectMqttJs(broker);
    const messages = await subscribeMqttJs(peer, 'rows/#', { qos: 1 });
    const version5 = broker.protocolVersion === 5;
    const asked = version5 ? { properties: { responseTopic: RESPONSE_TOPIC, correlationData: Buffer.from('c') } } : {};
    await peer.publishAsync('rows/silent', 'silent', { qos: 1, ...asked });
    await messages.first(({ topic }) => topic === 'rows/done');
    await peer.publishAsync('rows/talking', 'talking', { qos: 1, ...asked });
    await messages.first(({ topic }) => topic === RESPONSE_TOPIC);
    const answers = messages.entries.filter(({ topic }) => topic === RESPONSE_TOPIC);
    expect(answers.map(({ payload }) => payload.toString())).toEqual(['talking']);
  });
});

describeEachBroker('ping() (row 28)', (broker) => {
  it('is true while the broker answers, and false before and after', async () => {
    const client = createClient(broker.connection);
    expect(await client.ping(1_000)).toBe(false);
    await client.connect();
    expect(await client.ping(10_000)).toBe(true);
    await client.close();
    expect(await client.ping(1_000)).toBe(false);
  });
});
