import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { ClientMqtt, patternsOf, TopicParam } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { closeAfterTest } from '../../support/closing.js';
import { Journal } from '../../support/journal.js';
import { startServer } from '../../support/nest-application.js';
import { tapWire } from '../../support/wire-tap.js';

interface Topics {
  'contract/sum': { request: number[]; reply: number };
  [topic: `contract/${string}/temperature`]: { event: number };
}

const { MessagePattern, EventPattern } = patternsOf<Topics>();
const seen = new Journal<unknown[]>();

@Controller()
class Contracted {
  @MessagePattern('contract/sum', { qos: 1 })
  sum(@Payload() numbers: number[]): number {
    return numbers.reduce((a, b) => a + b, 0);
  }

  @EventPattern('contract/{device}/temperature')
  temperature(@Payload() celsius: number, @TopicParam('device') device: string): void {
    seen.add([device, celsius]);
  }
}

// what does not compile stands in test/types
describeEachBroker('a contract of topics', (broker) => {
  it('serves as handlers and clients do without one', async () => {
    seen.clear();
    await startServer(broker.connection, { controllers: [Contracted] });
    const client = new ClientMqtt<Topics>(broker.connection);
    closeAfterTest(() => client.close());
    expect(await firstValueFrom(client.send('contract/sum', [1, 2, 3]))).toBe(6);
    await client.publish('contract/d7/temperature', 21);
    expect(await seen.atLeast(1)).toEqual([['d7', 21]]);
    expect((await client.publisher('contract/sum').request([4, 5])).data).toBe(9);
  });

  it('listens to a topic of the contract', async () => {
    const tap = await tapWire(broker.connection);
    const client = new ClientMqtt<Topics>(tap.connection);
    closeAfterTest(() => client.close());
    const message = firstValueFrom(client.messages('contract/+/temperature', { qos: 1 }));
    await tap.packets.until(() => tap.sent('broker', 'suback').length > 0, 'SUBACK');
    await client.publisher('contract/d8/temperature', { qos: 1 }).publish(22);
    expect(await message).toMatchObject({ topic: 'contract/d8/temperature', data: 22 });
  });
});
