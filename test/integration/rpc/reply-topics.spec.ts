import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { delay, firstValueFrom, lastValueFrom, of, toArray } from 'rxjs';
import type { MqttContext } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { ClientInspection, NOTHING_HELD } from '../../support/client-inspection.js';
import { eventually } from '../../support/deadline.js';
import { HeldRuns } from '../../support/held-runs.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';

@Controller()
class Echo {
  @MessagePattern<string>('echo/{name}')
  echo(@Payload() data: unknown, @Ctx() { params }: MqttContext): unknown {
    return [params['name'], data];
  }

  @MessagePattern('count')
  count() {
    return of(1, 2, 3).pipe(delay(1));
  }
}

describeEachBroker('reply topics', (broker) => {
  it('an ad-hoc subscription that takes in the replies hears them too; the requests still get theirs', async () => {
    await startServer(broker.connection, { controllers: [Echo] });
    const client = createClient(broker.connection);
    const overheard = new Journal<string>();
    const listening = client.messages('#').subscribe(({ topic }) => overheard.add(topic));
    await client.publish('marker', 1);
    await overheard.first((topic) => topic === 'marker');
    expect(await firstValueFrom(client.send('echo/a', 1))).toEqual(['a', 1]);
    expect(await lastValueFrom(client.send('count', 1).pipe(toArray()))).toEqual([1, 2, 3]);
    await overheard.first((topic) => topic.includes('reply'));
    listening.unsubscribe();
    await eventually(() => new ClientInspection(client).holdings().adHocSubscriptions === 0, 'nobody listens');
    expect(await firstValueFrom(client.send('echo/b', 2))).toEqual(['b', 2]);
  });
});

describeEachBroker(
  'reply topics of 5.0',
  (broker) => {
    it('a call may name the topic of its answer', async () => {
      await startServer(broker.connection, { controllers: [Echo] });
      const overhearing = await connectMqttJs(broker);
      const answers = await subscribeMqttJs(overhearing, 'answers/mine');
      const client = createClient(broker.connection);
      const reply = await client.request('echo/a', 1, { responseTopic: 'answers/mine' });
      expect([reply.topic, reply.data]).toEqual(['answers/mine', ['a', 1]]);
      await answers.atLeast(1);
      expect(new ClientInspection(client).holdings()).toEqual(NOTHING_HELD);
    });

    it('responseTopicPrefix: the inbox is below it', async () => {
      await startServer(broker.connection, { controllers: [Echo] });
      const options = { ...broker.connection, clientId: 'orders/1', responseTopicPrefix: 'acme/replies' };
      const reply = await createClient(options).request('echo/a', 1);
      expect(reply.topic).toMatch(/^acme\/replies\/orders_1\/[0-9a-f]{16}$/);
    });
  },
  { versions: [5] },
);

describeEachBroker("reply topics of Nest's envelope", (broker) => {
  it('only the latest hundred stay subscribed when nobody waits on them', async () => {
    await startServer(broker.connection, { controllers: [Echo] });
    const client = createClient({ ...broker.connection, envelope: 'nest' });
    for (let i = 0; i < 150; i++) expect((await client.request(`echo/${i}`, i)).data).toEqual([String(i), i]);
    const inspection = new ClientInspection(client);
    expect(inspection.replyTopics).toBe(100);
    expect((await client.request('echo/0', 'again')).data).toEqual(['0', 'again']);
    expect((await client.request('echo/149', 'again')).data).toEqual(['149', 'again']);
    expect(inspection.replyTopics).toBe(100);
    expect(inspection.holdings()).toEqual(NOTHING_HELD);
  });

  it('a topic stays subscribed while somebody waits on it, however many others there are', async () => {
    const runs = new HeldRuns<string>();

    @Controller()
    class Patient {
      @MessagePattern('patient')
      async answer(): Promise<string> {
        await runs.hold('patient');
        return 'at last';
      }
    }

    await startServer(broker.connection, { controllers: [Echo, Patient] });
    const client = createClient({ ...broker.connection, envelope: 'nest' });
    const late = client.request('patient', 1);
    await runs.started.atLeast(1);
    for (let i = 0; i < 120; i++) await client.request(`echo/${i}`, i);
    runs.release('patient');
    expect((await late).data).toBe('at last');
  });
});
