import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { finalize, interval } from 'rxjs';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

it('a stream that goes on when its server has closed is unsubscribed', async () => {
  const { url } = await startInProcessBroker();
  const unsubscribed = new Journal<string>();

  @Controller()
  class Streams {
    @MessagePattern<string>('ticks')
    ticks() {
      return interval(1).pipe(finalize(() => unsubscribed.add('ticks')));
    }
  }
  const { app } = await startServer({ ...connectionTo(url), gracefulTimeout: 20 }, { controllers: [Streams] });
  const peer = await connectMqttJs(connectionTo(url));
  const answers = await subscribeMqttJs(peer, 'answers');
  const properties = { responseTopic: 'answers', correlationData: Buffer.from('c') };
  await peer.publishAsync('ticks', '', { properties });
  await answers.atLeast(3);
  await app.close();
  expect(unsubscribed.entries).toEqual(['ticks']);
  expect(transportLogs('error')).toEqual([]);
});
