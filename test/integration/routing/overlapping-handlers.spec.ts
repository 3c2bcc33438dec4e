import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { DuplicateHandlerError } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { handlersOf } from '../../support/filter-handlers.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { createClient, createServer, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

const DONE = 'the end';

describeEachBroker(
  'overlapping event handlers',
  (broker) => {
    it.each([0, 1, 2] as const)('a/+, a/#, a/b: each runs once per message (QoS %i)', async (qos) => {
      const runs = new Journal<string>();
      const filters = ['a/+', 'a/#', 'a/b'];
      await startServer(broker.connection, { controllers: handlersOf(runs, filters, { qos }) });
      const device = await connectMqttJs(broker);
      for (let i = 0; i < 20; i++) await device.publishAsync('a/b', `${i}`, { qos });
      await device.publishAsync('a/c', 'c', { qos });
      await device.publishAsync('a/b/c', DONE, { qos });
      await runs.first((run) => run === `a/# ${DONE}`);
      const expected = Array.from({ length: 20 }, (_, i) => filters.map((filter) => `${filter} ${i}`)).flat();
      expect(runs.entries.toSorted()).toEqual([...expected, 'a/+ c', 'a/# c', `a/# ${DONE}`].toSorted());
    });

    it('filters of different QoS', async () => {
      const runs = new Journal<string>();
      const controllers = ([0, 1, 2] as const).flatMap((qos) =>
        handlersOf(runs, [['b/+', 'b/#', 'b/b'][qos]!], { qos }),
      );
      await startServer(broker.connection, { controllers });
      const device = await connectMqttJs(broker);
      for (const qos of [0, 1, 2] as const) await device.publishAsync('b/b', `${qos}`, { qos });
      await device.publishAsync('b/b/c', DONE, { qos: 2 });
      await runs.first((run) => run === `b/# ${DONE}`);
      await runs.atLeast(10);
      const expected = ['0', '1', '2'].flatMap((data) => [`b/+ ${data}`, `b/# ${data}`, `b/b ${data}`]);
      expect(runs.entries.toSorted()).toEqual([...expected, `b/# ${DONE}`].toSorted());
    });

    it('several handlers of one and the same filter: every one of them', async () => {
      const runs = new Journal<string>();
      const controllers = [...handlersOf(runs, ['c/+'], {}), ...handlersOf(runs, ['c/+'], {})];
      await startServer(broker.connection, { controllers });
      const device = await connectMqttJs(broker);
      await device.publishAsync('c/1', 'x');
      await device.publishAsync('c/2', DONE);
      await runs.atLeast(4);
      expect(runs.entries.toSorted()).toEqual(['c/+ the end', 'c/+ the end', 'c/+ x', 'c/+ x']);
    });

    it('one method with overlapping patterns runs once', async () => {
      const runs = new Journal<unknown>();

      @Controller()
      class Several {
        @EventPattern(['d/+', 'd/#', 'd/b'])
        handle(@Payload() data: unknown): void {
          runs.add(data);
        }
      }

      await startServer(broker.connection, { controllers: [Several] });
      const device = await connectMqttJs(broker);
      await device.publishAsync('d/b', '1');
      await device.publishAsync('d/b/c', '2');
      expect(await runs.atLeast(2)).toEqual([1, 2]);
    });

    it('filters that overlap although neither covers the other', async () => {
      const runs = new Journal<string>();
      const filters = ['e/+/x', 'e/y/+', 'e/+/+/#'];
      await startServer(broker.connection, { controllers: handlersOf(runs, filters, { qos: 1 }) });
      const device = await connectMqttJs(broker);
      await device.publishAsync('e/y/x', '1', { qos: 1 });
      await device.publishAsync('e/q/x', '2', { qos: 1 });
      await device.publishAsync('e/q/q/q', DONE, { qos: 1 });
      await runs.first((run) => run.endsWith(DONE));
      expect(runs.entries.toSorted()).toEqual(
        ['e/+/x 1', 'e/y/+ 1', 'e/+/+/# 1', 'e/+/x 2', 'e/+/+/# 2', `e/+/+/# ${DONE}`].toSorted(),
      );
    });
  },
  { inProcess: [{ overlap: 'merge' }, { overlap: 'each' }, { overlap: 'each', subscriptionIdentifiers: false }] },
);

describeEachBroker(
  'overlapping request handlers',
  (broker) => {
    it('the most specific one answers, alone; event handlers run beside it', async () => {
      const events = new Journal<string>();

      @Controller()
      class Answers {
        @MessagePattern('f/#')
        all(): string {
          return 'f/#';
        }

        @MessagePattern('f/+')
        level(): string {
          return 'f/+';
        }

        @MessagePattern('f/b')
        exact(): string {
          return 'f/b';
        }

        @EventPattern('f/+')
        event(@Payload() data: string): void {
          events.add(data);
        }
      }

      await startServer(broker.connection, { controllers: [Answers] });
      const client = createClient(broker.connection);
      const answers = await Promise.all(['f/b', 'f/c', 'f/b/c', 'f'].map((topic) => client.request(topic, topic)));
      expect(answers.map(({ data }) => data)).toEqual(['f/b', 'f/+', 'f/#', 'f/#']);
      expect((await events.atLeast(2)).toSorted()).toEqual(['f/b', 'f/c']);
    });
  },
  { versions: [5], inProcess: [{ overlap: 'merge' }, { overlap: 'each' }] },
);

describe('two request handlers on one filter', () => {
  it.each([
    ['the same pattern', 'twice', 'twice'],
    ['captures of different names', 'devices/{id}/get', 'devices/{name}/get'],
    ['a capture and a wildcard', 'devices/{id}/get', 'devices/+/get'],
    ['one of them in a group', 'twice', '$share/group/twice'],
  ])('%s: DuplicateHandlerError at start, before connecting', async (_name, a, b) => {
    @Controller()
    class Twins {
      @MessagePattern(a)
      one(): void {}

      @MessagePattern(b)
      other(): void {}
    }

    const { broker, url } = await startInProcessBroker();
    const connected = new Journal<unknown>();
    broker.on('connect', connected.add);
    const { app } = await createServer(connectionTo(url), { controllers: [Twins] });
    await expect(app.listen()).rejects.toThrow(DuplicateHandlerError);
    expect(connected.entries).toEqual([]);
  });
});
