import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { jsonCodec } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { HeldRuns } from '../../support/held-runs.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { tapWire } from '../../support/wire-tap.js';

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `job ${i}`);

/** One worker, which is held, and a way to know what has arrived. */
function jobs(): { runs: HeldRuns<string>; controller: new () => object } {
  const runs = new HeldRuns<string>();

  @Controller()
  class Jobs {
    @EventPattern<string>('qos0/jobs', { maxWorkers: 1, qos: 1 })
    async job(@Payload() name: string): Promise<void> {
      await runs.hold(name);
    }

    @MessagePattern<string>('qos0/ping')
    ping(): string {
      return 'pong';
    }
  }

  return { runs, controller: Jobs };
}

describeEachBroker('the buffer of QoS 0 messages that wait for a worker', (broker) => {
  it.each([
    { overflow: 'drop-oldest', handled: ['job 0', 'job 7', 'job 8', 'job 9'] },
    { overflow: 'drop-newest', handled: ['job 0', 'job 1', 'job 2', 'job 3'] },
  ] as const)('is bounded: $overflow, logged once', async ({ overflow, handled }) => {
    const { runs, controller } = jobs();
    const tap = await tapWire(broker.connection);
    await startServer({ ...tap.connection, qos0Buffer: { size: 3, overflow } }, { controllers: [controller] });
    const peer = await connectMqttJs(broker);
    for (const name of names(10)) await peer.publishAsync('qos0/jobs', name);
    await tap.packets.until(() => tap.sent('broker', 'publish').length === 10, 'ten deliveries');
    // a request on another subscription is answered meanwhile, and behind the ten
    expect(await createClient(broker.connection).request('qos0/ping', 1)).toMatchObject({ data: 'pong' });
    expect(transportLogs('warn')).toEqual([
      expect.stringMatching(/QoS 0 messages are being dropped.*"qos0\/jobs".*qos0Buffer holds 3/),
    ]);
    runs.releaseAll();
    await runs.ended.atLeast(handled.length);
    await peer.publishAsync('qos0/jobs', 'end', { qos: 1 });
    await runs.ended.first((name) => name === 'end');
    expect(runs.started.entries).toEqual([...handled, 'end']);
  });

  it('does not concern QoS 1: those wait with the broker, and none is dropped', async () => {
    const { runs, controller } = jobs();
    await startServer({ ...broker.connection, qos0Buffer: { size: 0 } }, { controllers: [controller] });
    const peer = await connectMqttJs(broker);
    for (const name of names(10)) await peer.publishAsync('qos0/jobs', name, { qos: 1 });
    runs.releaseAll();
    expect(await runs.ended.atLeast(10)).toEqual(names(10));
    expect(transportLogs('warn')).toEqual([]);
  });

  it('keeps the order of arrival over QoS 0 and QoS 1', async () => {
    const seen = new Journal<string>();

    @Controller()
    class Jobs {
      @EventPattern<string>('qos0/mixed', { maxWorkers: 1, qos: 1 })
      async job(@Payload() name: string): Promise<void> {
        await new Promise((resolve) => setImmediate(resolve));
        seen.add(name);
      }
    }
    await startServer(broker.connection, { controllers: [Jobs] });
    const peer = await connectMqttJs(broker);
    for (const [i, name] of names(20).entries()) await peer.publishAsync('qos0/mixed', name, { qos: i % 2 ? 1 : 0 });
    expect(await seen.atLeast(20)).toEqual(names(20));
  });

  it('may be full of what cannot be decoded: each fails in its turn, and the next ones run', async () => {
    const runs = new HeldRuns<string>();

    @Controller()
    class Jobs {
      @EventPattern<string>('qos0/json', { maxWorkers: 1, codec: jsonCodec })
      async job(@Payload() name: string): Promise<void> {
        await runs.hold(name);
      }
    }
    const tap = await tapWire(broker.connection);
    await startServer(tap.connection, { controllers: [Jobs] });
    const peer = await connectMqttJs(broker);
    const publish = (payload: string): unknown => peer.publish('qos0/json', payload);
    publish('"first"');
    for (let i = 0; i < 1_500; i++) publish('{');
    publish('"last"');
    await tap.packets.until(({ length }) => length >= 1_502 && tap.sent('broker', 'publish').length === 1_502, 'all');
    runs.releaseAll();
    await runs.ended.first((name) => name === 'last');
    expect(runs.started.entries).toEqual(['first', 'last']);
    expect(transportLogs('error').filter((line) => !line.includes('cannot be decoded'))).toEqual([]);
    expect(transportLogs('error')).toHaveLength(1_500);
  });
});
