import { expect, it } from '@jest/globals';
import { Catch, Controller, NotFoundException, UseFilters, type RpcExceptionFilter } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { firstValueFrom, throwError, type Observable } from 'rxjs';
import { RemoteError } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { logs, transportLogs, type LogLine } from '../../support/logs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createClient, startServer } from '../../support/nest-application.js';

const isError = ({ level }: LogLine): boolean => level === 'error';

const MASKED = { status: 'error', message: 'Internal server error' };

class OutOfStock extends Error {}

@Catch(OutOfStock)
class OutOfStockFilter implements RpcExceptionFilter<OutOfStock> {
  catch(error: OutOfStock): Observable<never> {
    return throwError(() => ({ code: 'OUT_OF_STOCK', item: error.message }));
  }
}

@Controller()
class Failing {
  @MessagePattern('fail/text')
  text(): never {
    throw new RpcException('no such order');
  }

  @MessagePattern('fail/object')
  async object(): Promise<never> {
    throw new RpcException({ code: 404, order: 7 });
  }

  @MessagePattern('fail/observable')
  observable() {
    return throwError(() => new RpcException('no such order'));
  }

  @MessagePattern('fail/unknown')
  unknown(): never {
    throw new Error('password of the database is 1234');
  }

  @MessagePattern('fail/http')
  http(): never {
    throw new NotFoundException('no such page');
  }

  @UseFilters(OutOfStockFilter)
  @MessagePattern('fail/filtered')
  filtered(): never {
    throw new OutOfStock('spoons');
  }

  @MessagePattern('echo')
  echo(@Payload() data: unknown): unknown {
    return data;
  }
}

describeEachBroker(
  'failures of request handlers',
  (broker) => {
    it.each([
      ['fail/text', { status: 'error', message: 'no such order' }],
      ['fail/object', { code: 404, order: 7 }],
      ['fail/observable', { status: 'error', message: 'no such order' }],
      ['fail/unknown', MASKED],
      ['fail/http', { status: 'error', statusCode: 404, message: 'no such page', error: 'Not Found' }],
      ['fail/filtered', { code: 'OUT_OF_STOCK', item: 'spoons' }],
    ])('%s: send() errors with the object that Nest gives', async (pattern, error) => {
      await startServer(broker.connection, { controllers: [Failing] });
      await expect(firstValueFrom(createClient(broker.connection).send(pattern, {}))).rejects.toEqual(error);
    });

    it.each([
      ['fail/text', 'rpc'],
      ['fail/object', 'rpc'],
      ['fail/filtered', 'rpc'],
      ['fail/unknown', 'internal'],
    ])('%s: request() rejects with a RemoteError of code %s', async (pattern, code) => {
      await startServer(broker.connection, { controllers: [Failing] });
      const error: unknown = await createClient(broker.connection)
        .request(pattern, {})
        .catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(RemoteError);
      expect(error).toMatchObject({ code, isRemote: true, topic: pattern });
    });

    it('an unknown exception is logged where it happened, once, and nothing of it leaves the process', async () => {
      await startServer(broker.connection, { controllers: [Failing] });
      const peer = await connectMqttJs(broker);
      const seen = await subscribeMqttJs(peer, 'reply/#');
      await expect(createClient(broker.connection).request('fail/unknown', {})).rejects.toThrow(MASKED.message);
      const [reply] = await seen.atLeast(1);
      expect(JSON.stringify(reply)).not.toContain('1234');
      const errors = logs.entries.filter(isError);
      expect(errors).toHaveLength(1);
      expect(errors[0]!.message).toContain('1234');
    });

    it('a payload that is not what its Content Type says is the caller’s mistake', async () => {
      await startServer(broker.connection, { controllers: [Failing] });
      const client = createClient(broker.connection);
      const request = client.request('echo', '{"not json', { contentType: 'application/json' });
      await expect(request).rejects.toMatchObject({ code: 'bad-request', isRemote: true });
    });

    it('does not disturb what comes after it', async () => {
      await startServer(broker.connection, { controllers: [Failing] });
      const client = createClient(broker.connection);
      await expect(client.request('fail/unknown', {})).rejects.toThrow(MASKED.message);
      expect((await client.request('echo', 'still there')).data).toBe('still there');
    });
  },
  { versions: [5] },
);

describeEachBroker('failures of event handlers', (broker) => {
  it.each([0, 1, 2] as const)('at QoS %i are logged, and the next event is handled', async (qos) => {
    const seen = new Journal<number>();

    @Controller()
    class Fragile {
      @EventPattern('fragile')
      async handle(@Payload() value: number): Promise<void> {
        seen.add(value);
        if (value === 1) throw new RpcException('cracked');
        if (value === 2) throw new TypeError('shattered');
      }
    }

    await startServer({ ...broker.connection, subscribeOptions: { qos } }, { controllers: [Fragile] });
    const client = createClient(broker.connection);
    for (const value of [1, 2, 3]) await client.publish('fragile', value, { qos });
    expect(await seen.atLeast(3)).toEqual([1, 2, 3]);
    const errors = (await logs.until((lines) => lines.filter(isError).length >= 2, 'two errors in the log')).filter(
      isError,
    );
    expect(errors.map(({ message }) => message).toSorted()).toEqual([
      expect.stringContaining('cracked'),
      expect.stringContaining('shattered'),
    ]);
    expect(transportLogs('error')).toHaveLength(2); // Nest has logged none of them
  });
});
