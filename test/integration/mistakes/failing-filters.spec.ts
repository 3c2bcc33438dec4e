import { expect, it } from '@jest/globals';
import {
  BadRequestException,
  Catch,
  Controller,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type NestInterceptor,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, MessagePattern, RpcException } from '@nestjs/microservices';
import { concat, of, throwError, type Observable } from 'rxjs';
import { AckMessage, NackMessage, RejectMessage, ServerMqtt } from '../../../lib/index.js';
import { describeEachBroker, type BrokerUnderTest } from '../../support/broker-matrix.js';
import { closeAfterTest } from '../../support/closing.js';
import { logs } from '../../support/logs.js';
import { createClient, moduleOf } from '../../support/nest-application.js';

/** As applications have it for HTTP, and take it over with `inheritAppConfig`. */
@Catch()
class HttpFilter implements ExceptionFilter {
  catch(exception: Error, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<{ status(code: number): { json(body: object): void } }>();
    response.status(500).json({ message: exception.message });
  }
}

@Catch()
class AsyncFilter implements ExceptionFilter {
  async catch(): Promise<never> {
    throw new Error('the audit is down');
  }
}

@Catch()
class Translating implements ExceptionFilter {
  catch(): never {
    throw new RpcException('said by the filter');
  }
}

class Closed implements CanActivate {
  canActivate(): boolean {
    throw new Error('the guard has no database');
  }
}

class Broken implements NestInterceptor {
  intercept(_: unknown, next: CallHandler): Observable<unknown> {
    return concat(
      next.handle(),
      throwError(() => new Error('db is down')),
    );
  }
}

@Controller()
class Orders {
  @MessagePattern('filtered/get')
  get(): never {
    throw new Error('db is down');
  }

  @MessagePattern('filtered/stream')
  stream(): Observable<number> {
    return concat(
      of(1),
      throwError(() => new Error('db is down')),
    );
  }

  @UseGuards(Closed)
  @MessagePattern('filtered/guarded')
  guarded(): void {}

  @UseInterceptors(Broken)
  @MessagePattern('filtered/intercepted')
  intercepted(): void {}

  @UseFilters(AsyncFilter)
  @MessagePattern('filtered/audited')
  audited(): never {
    throw new Error('db is down');
  }

  @UseFilters(AsyncFilter)
  @MessagePattern('filtered/audited-stream')
  auditedStream(): Observable<number> {
    return this.stream();
  }

  @UseFilters(Translating)
  @MessagePattern('filtered/translated')
  translated(): never {
    throw new Error('db is down');
  }

  @MessagePattern('filtered/sold-out')
  soldOut(): never {
    throw new RpcException('sold out');
  }

  @MessagePattern('filtered/invalid')
  invalid(): never {
    throw new BadRequestException('no such colour');
  }

  @EventPattern<string>('filtered/created')
  created(): never {
    throw new Error('db is down');
  }

  @EventPattern<string>('filtered/settled/{how}')
  settled(how: string): never {
    if (how === 'ack') throw new AckMessage();
    throw how === 'nack' ? new NackMessage() : new RejectMessage('no such order', 0x83);
  }
}

@Controller({ scope: Scope.REQUEST })
class Scoped {
  @MessagePattern('filtered/scoped')
  get(): never {
    throw new Error('db is down');
  }
}

/** A hybrid application whose filter is for HTTP. */
async function start(broker: BrokerUnderTest): Promise<void> {
  const app = await NestFactory.create(moduleOf({ controllers: [Orders, Scoped] }));
  closeAfterTest(() => app.close());
  app.useGlobalFilters(new HttpFilter());
  const strategy = new ServerMqtt({
    ...broker.connection,
    gracefulTimeout: 1_000,
    subscribeOptions: { qos: 1 },
  });
  app.connectMicroservice({ strategy }, { inheritAppConfig: true });
  await app.startAllMicroservices();
}

const complaints = (): string[] =>
  logs.entries.filter(({ level }) => level === 'error' || level === 'warn').map(({ message }) => message);

const OF_HTTP = 'Its exception filter threw as well: TypeError: response.status is not a function';
const OF_AUDIT = 'Its exception filter threw as well: the audit is down';
const REMEDY = " (let a filter for HTTP return at once unless host.getType() is 'http'). ";
const MASKED = { status: 'error', message: 'Internal server error' };

describeEachBroker('an exception filter that throws', (broker) => {
  const v5 = broker.protocolVersion === 5;

  it.each([
    ['get', 'db is down', OF_HTTP],
    ['stream', 'db is down', OF_HTTP],
    ['guarded', 'the guard has no database', OF_HTTP],
    ['intercepted', 'db is down', OF_HTTP],
    ['scoped', 'db is down', OF_HTTP],
    ['audited', 'db is down', OF_AUDIT],
    ['audited-stream', 'db is down', OF_AUDIT],
  ])('of a request (%s): its caller learns nothing, and the log has both errors', async (kind, thrown, filter) => {
    await start(broker);
    const error = await createClient(broker.connection)
      .request(`filtered/${kind}`, 1)
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'internal', data: MASKED });
    expect(complaints()).toEqual([
      expect.stringContaining(
        `failed on "filtered/${kind}" after 1 attempt: ${thrown}. ${filter}${REMEDY}Its caller gets "Internal server error".`,
      ),
    ]);
  });

  it('of an event: the log has both errors', async () => {
    await start(broker);
    await createClient(broker.connection).publish('filtered/created', 1, { qos: 1 });
    await logs.until(() => complaints().length > 0, 'a line');
    expect(complaints()).toEqual([
      expect.stringContaining(`after 1 attempt: db is down. ${OF_HTTP}${REMEDY}The message is acknowledged`),
    ]);
  });

  it.each([
    ['sold-out', { status: 'error', message: 'sold out' }],
    ['invalid', { status: 'error', statusCode: 400, message: 'no such colour' }],
  ])('what is meant for the caller reaches it, and the log has the error of the filter: %s', async (kind, data) => {
    await start(broker);
    const request = createClient(broker.connection).request(`filtered/${kind}`, 1);
    await expect(request).rejects.toMatchObject({ code: 'rpc', data });
    expect(complaints()).toEqual([
      expect.stringContaining(`${data.message}. ${OF_HTTP}${REMEDY}Its caller gets the reason.`),
    ]);
  });

  it('an RpcException of the filter is meant for the caller', async () => {
    await start(broker);
    const request = createClient(broker.connection).request('filtered/translated', 1);
    await expect(request).rejects.toMatchObject({ code: 'rpc', data: { message: 'said by the filter' } });
    expect(complaints()).toEqual([]);
  });

  it.each([
    ['ack', 'is acknowledged, and not delivered again'],
    ['reject', v5 ? 'is rejected with 0x83' : 'is acknowledged: the reason code of a reject is not sent to the broker'],
  ])('the decision of an exception remains: %s', async (how, fate) => {
    await start(broker);
    await createClient(broker.connection).publish(`filtered/settled/${how}`, how, { qos: 1 });
    await logs.until(() => complaints().some((line) => line.includes('exception filter')), 'a line');
    expect(complaints()[0]).toContain(`${OF_HTTP}${REMEDY}The message ${fate}`);
  });
});
