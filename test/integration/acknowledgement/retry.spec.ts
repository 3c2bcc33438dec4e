import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { concat, of, throwError, type Observable } from 'rxjs';
import { AckPolicy, MqttSubscription, RejectMessage, type MqttContext } from '../../../lib/index.js';
import {
  acknowledged,
  acknowledgedPayloads,
  acknowledgementsOf,
  tellingOfRejects,
} from '../../support/acknowledgements.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { durable, resumeSession } from '../../support/durable-session.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';
import { tapWire } from '../../support/wire-tap.js';

/** Longer than a timer of Node. */
const NEVER = 2 ** 33;

describeEachBroker('retry', (broker) => {
  describe.each([1, 2] as const)('at QoS %i', (qos) => {
    it('runs the handler again until it succeeds; the acknowledgement waits, in the order of arrival', async () => {
      const runs = new Journal<string>();

      @Controller()
      class Jobs {
        @EventPattern<string>('retry/thrice', { retry: { attempts: 5, delay: 5 } })
        job(@Payload() name: string, @Ctx() { attempt }: MqttContext): void {
          runs.add(`${name} ${attempt}`);
          if (attempt < 3) throw new RpcException('not yet');
        }

        @EventPattern<string>('retry/other')
        other(@Payload() name: string): void {
          runs.add(name);
        }
      }
      const tap = await tapWire(broker.connection);
      await startServer({ ...tap.connection, subscribeOptions: { qos } }, { controllers: [Jobs] });
      const peer = await connectMqttJs(broker);
      await peer.publishAsync('retry/thrice', 'job', { qos });
      await peer.publishAsync('retry/other', 'behind it', { qos });
      await acknowledged(tap, 'behind it');
      expect(runs.entries.filter((run) => run !== 'behind it')).toEqual(['job 1', 'job 2', 'job 3']);
      expect(acknowledgedPayloads(tap)).toEqual(['job', 'behind it']);
    });

    it('ends after its attempts; then the policy decides', async () => {
      const attempts = new Journal<number>();

      @Controller()
      class Jobs {
        @EventPattern<string>('retry/in-vain', {
          retry: { attempts: 3, delay: 1 },
          ackPolicy: AckPolicy.REJECT_ON_ERROR,
        })
        job(@Payload() _name: string, @Ctx() { attempt }: MqttContext): void {
          attempts.add(attempt);
          throw new RpcException(`failed ${attempt}`);
        }
      }
      const tap = await tapWire(broker.connection);
      await startServer({ ...tellingOfRejects(tap.connection), subscribeOptions: { qos } }, { controllers: [Jobs] });
      await (await connectMqttJs(broker)).publishAsync('retry/in-vain', 'job', { qos });
      await acknowledged(tap, 'job');
      expect(attempts.entries).toEqual([1, 2, 3]);
      const [first] = acknowledgementsOf(tap, 'retry/in-vain');
      const packet = qos === 1 ? 'PUBACK' : 'PUBREC';
      expect(first).toBe(broker.protocolVersion === 5 ? `${packet} 0x83 "failed 3"` : packet);
    });

    it('does not run again what has decided, or was rejected by an exception', async () => {
      const attempts = new Journal<string>();

      @Controller()
      @MqttSubscription({ retry: { attempts: 3, delay: 1 } })
      class Jobs {
        @EventPattern<string>('retry/decided')
        decided(@Payload() name: string, @Ctx() context: MqttContext): void {
          attempts.add(name);
          context.ack();
          throw new Error('boom');
        }

        @EventPattern<string>('retry/rejected')
        rejected(@Payload() name: string): void {
          attempts.add(name);
          throw new RejectMessage();
        }
      }
      const tap = await tapWire(broker.connection);
      await startServer({ ...tap.connection, subscribeOptions: { qos } }, { controllers: [Jobs] });
      const peer = await connectMqttJs(broker);
      await peer.publishAsync('retry/decided', 'a', { qos });
      await peer.publishAsync('retry/rejected', 'b', { qos });
      await acknowledged(tap, 'b');
      expect(attempts.entries).toEqual(['a', 'b']);
    });

    it('stops when the server closes: the message stays with the broker, and what is behind it is acknowledged', async () => {
      const attempts = new Journal<string>();

      @Controller()
      class Jobs {
        @EventPattern<string>('retry/waits', { retry: { attempts: 2, delay: NEVER, maxDelay: NEVER } })
        job(@Payload() name: string): void {
          attempts.add(name);
          throw new Error('boom');
        }

        @EventPattern<string>('retry/other')
        other(@Payload() name: string): void {
          attempts.add(name);
        }
      }
      const session = durable(broker.connection);
      const { app } = await startServer(
        { ...session, subscribeOptions: { qos }, gracefulTimeout: NEVER },
        { controllers: [Jobs] },
      );
      const peer = await connectMqttJs(broker);
      await peer.publishAsync('retry/waits', 'waits', { qos });
      await peer.publishAsync('retry/other', 'behind it', { qos });
      await attempts.atLeast(2);
      await app.close(); // at once, whatever the delay and the gracefulTimeout
      const again = resumeSession(session);
      await peer.publishAsync('retry/other', 'end', { qos: 1 });
      await again.first(({ payload }) => payload.toString() === 'end');
      expect(again.entries.map(({ payload }) => payload.toString())).toEqual(['waits', 'end']);
    });
  });

  it('keeps the order of a subscription with maxWorkers: 1, and waits longer each time', async () => {
    const runs = new Journal<{ name: string; attempt: number; at: number }>();

    @Controller()
    class Jobs {
      @EventPattern<string>('retry/backoff', {
        maxWorkers: 1,
        retry: { attempts: 4, delay: 20, factor: 4, maxDelay: 100 },
      })
      job(@Payload() name: string, @Ctx() { attempt }: MqttContext): void {
        runs.add({ name, attempt, at: performance.now() });
        if (attempt < 4) throw new RpcException('not yet');
      }
    }
    await startServer({ ...broker.connection, subscribeOptions: { qos: 1 } }, { controllers: [Jobs] });
    const peer = await connectMqttJs(broker);
    await peer.publishAsync('retry/backoff', 'a', { qos: 1 });
    await peer.publishAsync('retry/backoff', 'b', { qos: 1 });
    const all = await runs.atLeast(8);
    expect(all.map(({ name, attempt }) => `${name} ${attempt}`)).toEqual(
      ['a', 'b'].flatMap((name) => [1, 2, 3, 4].map((attempt) => `${name} ${attempt}`)),
    );
    // at least half of 20, 80 and then 100 ms, which is the bound: how much longer a slow machine takes does not matter
    const waits = [1, 2, 3].map((i) => all[i]!.at - all[i - 1]!.at + 1);
    for (const [i, least] of [10, 40, 50].entries()) expect(waits[i]).toBeGreaterThanOrEqual(least);
  });

  it('of a request answers once, with the outcome of the last run', async () => {
    const attempts = new Journal<number>();

    @Controller()
    class Requests {
      @MessagePattern<string>('retry/request', { retry: { attempts: 3, delay: 1 } })
      request(@Payload() _data: unknown, @Ctx() { attempt }: MqttContext): string {
        attempts.add(attempt);
        if (attempt < 3) throw new RpcException('not yet');
        return `attempt ${attempt}`;
      }
    }
    const tap = await tapWire(broker.connection);
    await startServer({ ...tap.connection, subscribeOptions: { qos: 1 } }, { controllers: [Requests] });
    const reply = await createClient(broker.connection).request('retry/request', 1, { qos: 1 });
    expect(reply.data).toBe('attempt 3');
    expect(attempts.entries).toEqual([1, 2, 3]);
    expect(tap.sent('client', 'publish')).toHaveLength(1);
  });

  it('does not run again what has sent part of a stream', async () => {
    const attempts = new Journal<number>();

    @Controller()
    class Requests {
      @MessagePattern<string>('retry/stream', { retry: { attempts: 3, delay: 1 } })
      stream(@Payload() _data: unknown, @Ctx() { attempt }: MqttContext): Observable<number> {
        attempts.add(attempt);
        return concat(
          of(1, 2),
          throwError(() => new RpcException('broken off')),
        );
      }
    }
    const tap = await tapWire(broker.connection);
    await startServer({ ...tap.connection, subscribeOptions: { qos: 1 } }, { controllers: [Requests] });
    const received: unknown[] = [];
    const failure = await new Promise((resolve, reject) => {
      createClient(broker.connection)
        .send('retry/stream', 1)
        .subscribe({ next: (value) => received.push(value), error: resolve, complete: () => reject(new Error('?')) });
    });
    expect(received).toEqual([1, 2]);
    expect(failure).toMatchObject({ message: 'broken off' });
    expect(attempts.entries).toEqual([1]);
  });
});
