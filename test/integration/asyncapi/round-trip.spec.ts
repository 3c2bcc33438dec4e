import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { firstValueFrom, take, timeout, toArray } from 'rxjs';
import { MqttModule, MqttSubscription, PublishTo, ServerMqtt, TopicFilter } from '../../../lib/index.js';
import { MqttAsyncApi, MqttDoc, type AsyncApiDocument, type AsyncApiOperation } from '../../../lib/asyncapi/index.js';
import { channelOf, filled, filterOf, problemsOf } from '../../support/async-api.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { createClient } from '../../support/nest-application.js';
import { applicationOf } from './application.js';

/** Every form of a pattern. */
@Controller()
@MqttSubscription({ prefix: 'round-trip/{site}/', qos: 1 })
class ShapesController {
  @EventPattern<string>('devices/{deviceId}/{channel$}')
  @PublishTo('round-trip/{site}/results/{deviceId}/{{x}}')
  captured(): string {
    return 'result';
  }

  @MqttSubscription({ shared: 'group' })
  @EventPattern<string>('shared/+/level')
  shared(): void {}

  @EventPattern<string>('rest/#')
  rest(): void {}

  @EventPattern<string>('literal/{{a}}/b?c')
  literal(): void {}

  @MqttSubscription({ deadLetter: 'round-trip/failed' })
  @EventPattern<string>('failing')
  failing(): void {
    throw new Error('on purpose');
  }
}

@Controller()
class SumController {
  @MqttDoc({ reply: { type: 'number' } })
  @MessagePattern({ cmd: 'round-trip' })
  sum(): number {
    return 7;
  }
}

describeEachBroker('an AsyncAPI document', (broker) => {
  it('has the same topics as the wire', async () => {
    const app = await applicationOf({
      imports: [MqttModule.forRoot({ ...broker.connection })],
      controllers: [ShapesController, SumController],
    });
    const document = await MqttAsyncApi.createDocument(app, { title: 'Round trip', version: '1.0.0' });
    expect(await problemsOf(document)).toEqual([]);
    await app.startAllMicroservices();
    await app.init();

    const client = createClient(broker.connection);
    const seen = firstValueFrom(
      client.messages('round-trip/#', { qos: 1 }).pipe(take(7), timeout(10_000), toArray()), // 5 of the shapes, a result, a dead letter
    );
    await client.ping(5_000); // earlier subscriptions are granted
    for (const [id, operation] of operationsOf(document, 'receive')) {
      if (operation.reply) continue;
      await client.publish(topicOf(document, operation), id, { qos: 1 });
    }
    const topics = (await seen).map(({ topic }) => topic);

    // messages to the document's topics reach the handlers, and results arrive at the document's topics
    for (const [id, operation] of operationsOf(document, 'send')) {
      const filter = TopicFilter.parse(filterOf(channelOf(document, operation)));
      expect([id, topics.filter((topic) => filter.matches(topic))]).toEqual([id, [expect.any(String)]]);
    }
    await expect(firstValueFrom(client.send(sumTopic(document), []))).resolves.toBe(7);

    const filters = app
      .get(ServerMqtt)
      .describe()
      .handlers.map(({ filter }) => filter);
    expect(
      operationsOf(document, 'receive')
        .map(([, operation]) => filterOf(channelOf(document, operation)))
        .toSorted(),
    ).toEqual(filters.toSorted());
    expect(document.servers['default']!.host).toBe(new URL(broker.url).host);
  });
});

function operationsOf(document: AsyncApiDocument, action: 'receive' | 'send'): [string, AsyncApiOperation][] {
  return Object.entries(document.operations).filter(([, operation]) => operation.action === action);
}

function topicOf(document: AsyncApiDocument, operation: AsyncApiOperation): string {
  return filled(channelOf(document, operation), (name) => `any-${name}`);
}

function sumTopic(document: AsyncApiDocument): string {
  return topicOf(document, document.operations['SumController_sum']!);
}
