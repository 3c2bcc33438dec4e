import { describe, expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  Get,
  Inject,
  Param,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type ExceptionFilter,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom, map, throwError, type Observable } from 'rxjs';
import { ClientMqtt, MqttModule, ServerMqtt } from '../../../lib/index.js';
import { closeAfterTest } from '../../support/closing.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import '../../support/logs.js';
import { createClient, moduleOf } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

@Controller()
class Greetings {
  constructor(@Inject(ClientMqtt) private readonly client: ClientMqtt) {}

  @Get('greet/:name')
  async overHttp(@Param('name') name: string): Promise<unknown> {
    return firstValueFrom(this.client.send('hybrid/greet', { name }));
  }

  @MessagePattern('hybrid/greet')
  overMqtt(@Payload() { name }: { name: string }): object {
    if (name === 'nobody') throw new Error('nobody is there');
    return { text: `Hello, ${name}` };
  }
}

describeEachBroker(
  'a hybrid application',
  (broker) => {
    it('answers over HTTP what an MQTT handler says, through the injected client', async () => {
      const imports = [MqttModule.forRoot(broker.connection)];
      const app = await NestFactory.create(moduleOf({ imports, controllers: [Greetings] }));
      closeAfterTest(() => app.close());
      app.connectMicroservice({ strategy: app.get(ServerMqtt) }, { inheritAppConfig: true });
      await app.startAllMicroservices();
      await app.listen(0, '127.0.0.1');
      const response = await fetch(`${await app.getUrl()}/greet/Ada`);
      expect([response.status, await response.json()]).toEqual([200, { text: 'Hello, Ada' }]);
    });
  },
  { versions: [5] },
);

class Shouted implements PipeTransform {
  transform(value: { name?: string }): unknown {
    return value.name === undefined ? value : { name: value.name.toUpperCase() };
  }
}

class NotEve implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToRpc().getData<{ name: string }>().name !== 'eve';
  }
}

class Signed implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((value: object) => ({ ...value, signed: true })));
  }
}

@Catch()
class Told implements ExceptionFilter {
  catch(error: Error): Observable<never> {
    return throwError(() => ({ told: error.message }));
  }
}

describe('inheritAppConfig', () => {
  it.each([true, false])('%s: global guards, pipes, interceptors and filters', async (inheritAppConfig) => {
    const { url } = await startInProcessBroker();
    const imports = [MqttModule.forRoot(connectionTo(url))];
    const app = await NestFactory.create(moduleOf({ imports, controllers: [Greetings] }));
    closeAfterTest(() => app.close());
    app.useGlobalGuards(new NotEve());
    app.useGlobalPipes(new Shouted());
    app.useGlobalInterceptors(new Signed());
    app.useGlobalFilters(new Told());
    app.connectMicroservice({ strategy: app.get(ServerMqtt) }, { inheritAppConfig });
    await app.startAllMicroservices();
    const client = createClient(connectionTo(url));
    const ask = (name: string): Promise<unknown> =>
      firstValueFrom(client.send('hybrid/greet', { name })).catch((error: unknown) => error);
    expect([await ask('ada'), await ask('eve'), await ask('nobody')]).toEqual(
      inheritAppConfig
        ? [
            { text: 'Hello, ADA', signed: true },
            { told: 'Forbidden resource' },
            { text: 'Hello, NOBODY', signed: true },
          ]
        : [{ text: 'Hello, ada' }, { text: 'Hello, eve' }, { status: 'error', message: 'Internal server error' }],
    );
  });
});
