import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { createClient, startServer } from '../../support/nest-application.js';

describeEachBroker(
  'filters that overlap without one covering the other',
  (broker) => {
    it('run each of their handlers once per message, equal messages in a row included', async () => {
      const seen = new Journal<string>();
      @Controller()
      class Overlapping {
        @EventPattern<string>('po/+/b', { qos: 1 })
        first(@Payload() data: unknown): void {
          seen.add(`first ${String(data)}`);
        }

        @EventPattern<string>('po/a/+', { qos: 0 })
        second(@Payload() data: unknown): void {
          seen.add(`second ${String(data)}`);
        }

        @EventPattern<string>('po/end')
        end(): void {
          seen.add('end');
        }
      }
      await startServer(broker.connection, { controllers: [Overlapping] });
      const client = createClient(broker.connection);
      for (const data of ['tick', 'tick', 'tock', 'tick']) await client.publish('po/a/b', data, { qos: 1 });
      await client.publish('po/a/c', 'only second', { qos: 1 });
      await seen.first((entry) => entry === 'second only second');
      await client.publish('po/end', '', { qos: 1 });
      const entries = await seen.until((all) => all.includes('end'), 'the last message');
      expect(entries.filter((entry) => entry !== 'end').toSorted((a, b) => a.localeCompare(b))).toEqual([
        'first tick',
        'first tick',
        'first tick',
        'first tock',
        'second only second',
        'second tick',
        'second tick',
        'second tick',
        'second tock',
      ]);
    });
  },
  { inProcess: [{ overlap: 'merge' }, { overlap: 'each' }] },
);
