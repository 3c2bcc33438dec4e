import { describe, expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  Inject,
  Injectable,
  ParseIntPipe,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
  type RpcExceptionFilter,
} from '@nestjs/common';
import {
  CONTEXT,
  EventPattern,
  MessagePattern,
  Payload,
  RpcException,
  type RequestContext,
} from '@nestjs/microservices';
import { firstValueFrom, map, throwError, type Observable } from 'rxjs';
import type { MqttContext } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { createClient, createServer, startServer } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

class OnlyAda implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { userProperties } = context.switchToRpc().getContext<MqttContext>();
    return userProperties['user'] === 'ada';
  }
}

class Wrapped implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const topic = context.switchToRpc().getContext<MqttContext>().getTopic();
    return next.handle().pipe(map((value: unknown) => ({ topic, value })));
  }
}

class Doubled implements PipeTransform {
  transform(value: unknown): unknown {
    return typeof value === 'number' ? 2 * value : value; // MqttContext passes through here too
  }
}

@Catch()
class Translated implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => ({ translated: (error as Error).message }));
  }
}

@Catch()
class Rescued implements RpcExceptionFilter {
  catch(): Observable<never> {
    return 'rescued' as unknown as Observable<never>;
  }
}

@Controller()
class Pipeline {
  @UseGuards(OnlyAda)
  @MessagePattern('nest/guarded')
  guarded(): string {
    return 'welcome';
  }

  @UsePipes(Doubled)
  @MessagePattern('nest/piped')
  piped(@Payload() value: unknown): unknown {
    return value;
  }

  @MessagePattern('nest/parsed')
  parsed(@Payload('count', ParseIntPipe) count: number): number {
    return count;
  }

  @UseInterceptors(Wrapped)
  @MessagePattern('nest/intercepted')
  intercepted(@Payload() value: unknown): unknown {
    return value;
  }

  @UseFilters(Translated)
  @MessagePattern('nest/filtered')
  filtered(): never {
    throw new Error('oh');
  }

  @UseFilters(Rescued)
  @MessagePattern('nest/rescued')
  rescued(): never {
    throw new Error('oh');
  }
}

describeEachBroker(
  'the Nest pipeline of requests',
  (broker) => {
    it('guards', async () => {
      await startServer(broker.connection, { controllers: [Pipeline] });
      const client = createClient(broker.connection);
      await expect(client.request('nest/guarded', {})).rejects.toMatchObject({
        code: 'rpc',
        data: { status: 'error', message: 'Forbidden resource' },
      });
      const reply = await client.request('nest/guarded', {}, { userProperties: { user: 'ada' } });
      expect(reply.data).toBe('welcome');
    });

    it('pipes', async () => {
      await startServer(broker.connection, { controllers: [Pipeline] });
      const client = createClient(broker.connection);
      expect((await client.request('nest/piped', 21)).data).toBe(42);
      expect((await client.request('nest/parsed', { count: '7' })).data).toBe(7);
      await expect(client.request('nest/parsed', { count: 'x' })).rejects.toMatchObject({ isRemote: true });
    });

    it('interceptors', async () => {
      await startServer(broker.connection, { controllers: [Pipeline] });
      const reply = await createClient(broker.connection).request('nest/intercepted', 1);
      expect(reply.data).toEqual({ topic: 'nest/intercepted', value: 1 });
    });

    it('filters: an error becomes another, or an answer', async () => {
      await startServer(broker.connection, { controllers: [Pipeline] });
      const client = createClient(broker.connection);
      await expect(firstValueFrom(client.send('nest/filtered', {}))).rejects.toEqual({ translated: 'oh' });
      expect(await firstValueFrom(client.send('nest/rescued', {}))).toBe('rescued');
    });

    it('what is global to the application', async () => {
      @Controller()
      class Plain {
        @MessagePattern('nest/plain')
        plain(@Payload() value: unknown): unknown {
          if (value === 0) throw new Error('oh');
          return value;
        }
      }

      const { app } = await createServer(broker.connection, { controllers: [Plain] });
      app.useGlobalGuards(new OnlyAda());
      app.useGlobalPipes(new Doubled());
      app.useGlobalInterceptors(new Wrapped());
      app.useGlobalFilters(new Translated());
      await app.listen();
      const client = createClient({ ...broker.connection, userProperties: { user: 'ada' } });
      expect((await client.request('nest/plain', 1)).data).toEqual({ topic: 'nest/plain', value: 2 });
      await expect(firstValueFrom(client.send('nest/plain', 0))).rejects.toEqual({ translated: 'oh' });
      await expect(createClient(broker.connection).request('nest/plain', 1)).rejects.toMatchObject({
        data: { translated: 'Forbidden resource' },
      });
    });
  },
  { versions: [5] },
);

describeEachBroker('the Nest pipeline of events', (broker) => {
  it('guards, pipes and interceptors; what a guard refuses does not run', async () => {
    const seen = new Journal<unknown>();
    const intercepted = new Journal<string>();

    class OnlyEven implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        return context.switchToRpc().getData<number>() % 2 === 0;
      }
    }

    class Noted implements NestInterceptor {
      intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
        intercepted.add(context.switchToRpc().getContext<MqttContext>().getTopic());
        return next.handle();
      }
    }

    @Controller()
    class Guarded {
      @UseGuards(OnlyEven)
      @UseInterceptors(Noted)
      @EventPattern('nest/event')
      handle(@Payload(new Doubled()) data: unknown): void {
        seen.add(data);
      }
    }

    await startServer({ ...broker.connection, subscribeOptions: { qos: 1 } }, { controllers: [Guarded] });
    const client = createClient(broker.connection);
    for (let i = 0; i < 4; i++) await client.publish('nest/event', i, { qos: 1 });
    await client.publish('nest/event', 10, { qos: 1 });
    expect(await seen.atLeast(3)).toEqual([0, 4, 20]);
    expect(intercepted.entries).toEqual(['nest/event', 'nest/event', 'nest/event']);
  });

  it('request-scoped controllers: one instance for each message, which can inject its context', async () => {
    const seen = new Journal<unknown>();
    let instances = 0;

    @Injectable({ scope: Scope.REQUEST })
    class Unit {
      readonly id = ++instances;
    }

    @Controller()
    class Scoped {
      constructor(
        @Inject(Unit) private readonly unit: Unit,
        @Inject(CONTEXT) private readonly request: RequestContext,
      ) {}

      @EventPattern<string>('nest/scoped/{id}')
      handle(): void {
        const context = this.request.context as MqttContext;
        seen.add([this.unit.id, this.request.data, context.params['id']]);
      }
    }

    await startServer(broker.connection, { controllers: [Scoped], providers: [Unit] });
    const client = createClient(broker.connection);
    for (const id of ['a', 'b', 'c']) await client.publish(`nest/scoped/${id}`, `data ${id}`);
    await seen.atLeast(3);
    const byContext = seen.entries.map((entry) => (entry as unknown[]).slice(1));
    expect(byContext).toEqual([
      ['data a', 'a'],
      ['data b', 'b'],
      ['data c', 'c'],
    ]);
    expect(new Set(seen.entries.map((entry) => (entry as unknown[])[0])).size).toBe(3);
  });
});

describe('a request-scoped request handler', () => {
  it('answers each caller from an instance of its own', async () => {
    let instances = 0;

    @Controller({ scope: Scope.REQUEST })
    class Scoped {
      private readonly id = ++instances;

      @MessagePattern('nest/scoped')
      async handle(@Payload() value: number): Promise<object> {
        if (value === 2) throw new RpcException('two');
        return { id: this.id, value };
      }
    }

    const { url } = await startInProcessBroker();
    await startServer(connectionTo(url), { controllers: [Scoped] });
    const client = createClient(connectionTo(url));
    const first = await client.request<{ id: number; value: number }>('nest/scoped', 1);
    await expect(client.request('nest/scoped', 2)).rejects.toThrow('two');
    const third = await client.request<{ id: number; value: number }>('nest/scoped', 3);
    expect([first.data.value, third.data.value]).toEqual([1, 3]);
    expect(third.data.id).toBeGreaterThan(first.data.id);
  });
});
