import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { closeAfterTest } from '../../support/closing.js';
import { eventually } from '../../support/deadline.js';
import { HeldRuns } from '../../support/held-runs.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

it('a run that lasts far longer than the others of its handler is logged, once (fault 6)', async () => {
  const { url } = await startInProcessBroker();
  const runs = new HeldRuns<string>();
  closeAfterTest(async () => runs.releaseAll());

  @Controller()
  class Jobs {
    @EventPattern<string>('jobs', { qos: 1 })
    async run(@Payload() name: string): Promise<void> {
      if (name.startsWith('long')) await runs.hold(name);
    }
  }
  const { server } = await startServer(connectionTo(url), { controllers: [Jobs] });
  const { running, counters } = server['runtime']!['host'];
  const later = (seconds: number): void => {
    running.clock += seconds;
    for (const invocation of running.all()) invocation.watch!(running.clock);
  };
  const peer = await connectMqttJs(connectionTo(url));
  for (const name of ['long 1', 'long 2']) await peer.publishAsync('jobs', name, { qos: 1 });
  await runs.started.atLeast(2);
  later(3_600);
  expect(transportLogs('warn')).toEqual([]); // nothing to compare with
  for (let i = 0; i < 10; i++) await peer.publishAsync('jobs', 'short', { qos: 1 });
  await eventually(() => counters.succeeded === 10, 'the others have ended');
  await peer.publishAsync('jobs', 'long 3', { qos: 1 });
  await runs.started.atLeast(3);
  for (const seconds of [55, 5, 5]) later(seconds);
  expect(transportLogs('warn')).toEqual([
    expect.stringMatching(/^Handler "jobs" has run for more than 3655 s .*handlerTimeout/),
  ]);
});
