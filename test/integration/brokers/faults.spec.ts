import { expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { lastValueFrom, Observable, scan, take } from 'rxjs';
import { PublishRefusedError, RequestTimeoutError } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { durable } from '../../support/durable-session.js';
import { Journal } from '../../support/journal.js';
import { transportLogs } from '../../support/logs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';

const MESSAGES = 400;

@Controller()
class Answers {
  @MessagePattern('broadcast')
  broadcast(): Observable<number> {
    return new Observable((observer) => observer.next(1)); // and no end, as in Nest's own example
  }

  @MessagePattern('large')
  large(): string {
    return 'x'.repeat(5_000);
  }
}

describeEachBroker(
  'fault 3: 400 publishes at once that alternate between QoS 1 and 2',
  (broker) => {
    it('all arrive', async () => {
      const seen = await subscribeMqttJs(await connectMqttJs(broker), 'alternating', { qos: 2 });
      const client = createClient(broker.connection);
      const all = Array.from({ length: MESSAGES }, (_, i) =>
        client.publish('alternating', i, { qos: i % 2 === 0 ? 1 : 2 }),
      );
      await Promise.all(all);
      const distinct = (): Set<string> => new Set(seen.entries.map(({ payload }) => payload.toString()));
      await seen.until(() => distinct().size >= MESSAGES, 'all of them');
      expect(distinct().size).toBe(MESSAGES);
    });
  },
  { versions: [4, 5], inProcess: [{ behavesLike: 'mosquitto' }, { behavesLike: 'hivemq' }] },
);

describeEachBroker(
  'fault 4: two servers that answer one send()',
  (broker) => {
    it('take(2) completes, with a value of each', async () => {
      await startServer(broker.connection, { controllers: [Answers] });
      await startServer(broker.connection, { controllers: [Answers] });
      const sums = createClient(broker.connection)
        .send<number>('broadcast', 0)
        .pipe(
          scan((sum, value) => sum + value),
          take(2),
        );
      expect(await lastValueFrom(sums)).toBe(2);
    });
  },
  { versions: [5], inProcess: [{ behavesLike: 'mosquitto' }, { behavesLike: 'hivemq' }] },
);

describeEachBroker(
  'fault 6: a reply that is larger than the caller takes',
  (broker) => {
    it('the error hints at the caller’s Maximum Packet Size', async () => {
      await startServer(broker.connection, { controllers: [Answers] });
      const client = createClient({ ...broker.connection, properties: { maximumPacketSize: 1_000 } });
      const failed = client.request('large', 0, { timeout: 300 }).catch((error: unknown) => error as Error);
      const error = (await failed) as Error;
      expect(error).toBeInstanceOf(RequestTimeoutError);
      expect(error.message).toContain('properties.maximumPacketSize');
    });
  },
  { versions: [5], inProcess: [{ behavesLike: 'mosquitto' }, { behavesLike: 'hivemq' }, { behavesLike: 'mochi' }] },
);

describeEachBroker(
  'fault 5: a message with User Properties, whose PUBACK is malformed on mochi',
  (broker) => {
    it.each(['clean', 'durable'] as const)('does not end in a circle of reconnects (%s session)', async (session) => {
      const client = createClient(session === 'durable' ? durable(broker.connection) : broker.connection);
      const states = new Journal<string>();
      client.status.subscribe(states.add);
      const malformed = broker.inProcess !== undefined;
      const bad = client
        .publish('bad', 1, { qos: 1, userProperties: { site: 'a' } })
        .then(() => 'taken')
        .catch((error: unknown) => (error instanceof PublishRefusedError ? error.message : error));
      const good = Array.from({ length: 10 }, (_, n) => client.publish(`good/${n}`, n, { qos: 1 }));
      await Promise.all(good);
      expect(await bad).toMatch(malformed ? /"bad"/ : /^taken$/);
      expect(transportLogs('warn').some((line) => line.includes('PUBACK'))).toBe(malformed); // what it is over
      const reconnects = states.entries.filter((state) => state === 'disconnected').length;
      await client.publish('good/after', 1, { qos: 1 });
      await client.ping(10_000);
      expect(states.entries.filter((state) => state === 'disconnected')).toHaveLength(reconnects);
      expect(reconnects).toBeLessThanOrEqual(malformed ? 2 : 0);
      expect(states.entries).not.toContain('closed');
    });
  },
  { versions: [5], inProcess: [{ behavesLike: 'mochi' }] },
);
