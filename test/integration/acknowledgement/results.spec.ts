import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { AckPolicy, PublishTo } from '../../../lib/index.js';
import { acknowledged, acknowledgementsOf, inWords, tellingOfRejects } from '../../support/acknowledgements.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { durable, resumeSession } from '../../support/durable-session.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';
import { tapWire } from '../../support/wire-tap.js';

@Controller()
class Stages {
  @PublishTo('results/next', { qos: 1 })
  @EventPattern<string>('results/stage')
  stage(@Payload() value: string): string {
    return `${value}, refined`;
  }

  @PublishTo('results/next', { qos: 1 })
  @EventPattern<string>('results/rejects', { ackPolicy: AckPolicy.REJECT_ON_ERROR })
  rejects(@Payload() value: string): string {
    return value;
  }

  @PublishTo('results/next', { qos: 1 })
  @EventPattern<string>('results/withholds', { ackPolicy: AckPolicy.NACK_ON_ERROR })
  withholds(@Payload() value: string): string {
    return value;
  }

  @EventPattern<string>('results/end')
  end(): void {}
}

describeEachBroker('a message whose result is published', (broker) => {
  it.each([1, 2] as const)('at QoS %i is acknowledged when the broker has accepted the result', async (qos) => {
    const tap = await tapWire(broker.connection);
    await startServer({ ...durable(tap.connection), subscribeOptions: { qos } }, { controllers: [Stages] });
    await (await connectMqttJs(broker)).publishAsync('results/stage', 'raw', { qos });
    await acknowledged(tap, 'raw');
    const words = tap.packets.entries.map(({ from, packet }) => `${from}: ${inWords(packet).split(' 0x')[0]}`);
    expect(words.slice(words.indexOf('broker: PUBLISH results/stage')).slice(0, 4)).toEqual([
      'broker: PUBLISH results/stage',
      'client: PUBLISH results/next',
      'broker: PUBACK',
      `client: ${qos === 1 ? 'PUBACK' : 'PUBREC'}`,
    ]);
  });
});

describe.each([1, 2] as const)('a result that the broker refuses (5.0), QoS %i', (qos) => {
  it('is a failure like one of the handler: the policy decides', async () => {
    const { broker, url } = await startInProcessBroker();
    const tap = await tapWire(connectionTo(url));
    const session = durable(tap.connection);
    const { app } = await startServer(
      { ...tellingOfRejects(session), subscribeOptions: { qos } },
      { controllers: [Stages] },
    );
    broker.faults.refusePublishes('results/next', 0x97);
    for (const topic of ['results/stage', 'results/rejects', 'results/withholds'])
      broker.publish({ topic, payload: topic, qos });
    broker.publish({ topic: 'results/end', payload: 'end', qos });
    await acknowledged(tap, 'end');
    const packet = qos === 1 ? 'PUBACK' : 'PUBREC';
    expect(acknowledgementsOf(tap, 'results/stage')[0]).toBe(`${packet} 0x00`);
    expect(acknowledgementsOf(tap, 'results/rejects')[0]).toMatch(`${packet} 0x83 "`);
    expect(acknowledgementsOf(tap, 'results/withholds')).toEqual([]);
    expect(transportLogs('error')).toHaveLength(3);
    await app.close();
    const [again] = await resumeSession({ ...session, url }).atLeast(1);
    expect(again!.topic).toBe('results/withholds');
  });
});
