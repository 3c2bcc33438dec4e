import { expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  ValidationPipe,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
  type RpcExceptionFilter,
} from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { IsInt, IsString, Max } from 'class-validator';
import { EMPTY, firstValueFrom, tap, type Observable } from 'rxjs';
import { MqttContext, Topic, TopicParam, UserProperty } from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { Journal } from '../../support/journal.js';
import { connectMqttJs } from '../../support/mqttjs-client.js';
import { createClient, createServer, startServer } from '../../support/nest-application.js';

const { NEST_MAJOR } = globalThis as { NEST_MAJOR?: number };

interface Nest12 {
  readonly StandardSchemaValidationPipe: new () => PipeTransform;
}

/** As schema libraries make them: https://standardschema.dev */
const WHOLE_NUMBER = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value: unknown) =>
      Number.isInteger(value) ? { value } : { issues: [{ message: 'it is no whole number' }] },
  },
};

/** What a stage of the pipeline can know of the message, in one line. */
function tellOf(stage: string, host: ArgumentsHost): string {
  const rpc = host.switchToRpc();
  const context = rpc.getContext<MqttContext>();
  const { params, userProperties, qos, retain, subscription } = context;
  const data = rpc.getData<unknown>();
  return JSON.stringify([stage, data, context.getTopic(), params, userProperties, qos, retain, subscription]);
}

const told = new Journal<string>();

class TellingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    told.add(tellOf('guard', context));
    return true;
  }
}

class TellingInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(tap({ error: () => told.add(tellOf('interceptor', context)) }));
  }
}

@Catch()
class TellingFilter implements RpcExceptionFilter {
  catch(_error: unknown, host: ArgumentsHost): Observable<never> {
    told.add(tellOf('filter', host));
    return EMPTY;
  }
}

@Controller()
@UseGuards(TellingGuard)
@UseInterceptors(TellingInterceptor)
@UseFilters(TellingFilter)
class Telling {
  @EventPattern<string>('pipeline/{device}/+')
  handle(): never {
    throw new RpcException('no');
  }
}

/** A new instance for each message. */
@Controller({ scope: Scope.REQUEST })
class Scoped {
  private calls = 0;

  @MessagePattern('pipeline/scoped/{device}')
  handle(@TopicParam('device') device: string, @Topic() topic: string, @Payload() data: number): unknown {
    return [device, topic, data, ++this.calls];
  }
}

class Reading {
  @IsString()
  readonly unit!: string;

  @IsInt()
  @Max(100)
  readonly value!: number;
}

@Controller()
class Validating {
  static readonly seen = new Journal<unknown[]>();

  @EventPattern<string>('pipeline/readings/{device}')
  event(
    @Payload() reading: Reading,
    @TopicParam('device') device: string,
    @UserProperty('site') site: string | undefined,
    @Ctx() context: MqttContext,
  ): void {
    Validating.seen.add([
      reading instanceof Reading,
      Object.entries(reading),
      device,
      site,
      context instanceof MqttContext,
    ]);
  }

  @MessagePattern('pipeline/validated')
  request(@Payload(new ValidationPipe()) reading: Reading): string {
    return `${reading.value} ${reading.unit}`;
  }
}

describeEachBroker('a message in the Nest pipeline (row 15)', (broker) => {
  const version5 = broker.protocolVersion === 5;
  const properties = version5 ? { properties: { userProperties: { site: 'north' } } } : {};

  it('guards, interceptors and filters can know all that a handler can', async () => {
    told.clear();
    await startServer({ ...broker.connection, subscribeOptions: { qos: 1 } }, { controllers: [Telling] });
    const device = await connectMqttJs(broker);
    await device.publishAsync('pipeline/d7/x', '{"a":1}', { qos: 1, ...properties });
    const known = [
      { a: 1 },
      'pipeline/d7/x',
      { device: 'd7' },
      version5 ? { site: 'north' } : {},
      1,
      false,
      'pipeline/+/+',
    ];
    expect((await told.atLeast(3)).map((line) => JSON.parse(line) as unknown)).toEqual(
      ['guard', 'interceptor', 'filter'].map((stage) => [stage, ...known]),
    );
  });

  it('request-scoped controllers have the parameter decorators too', async () => {
    await startServer(broker.connection, { controllers: [Scoped] });
    const client = createClient(broker.connection);
    for (const [device, data] of [
      ['a', 1],
      ['b', 2],
    ] as const) {
      const reply = await firstValueFrom(client.send(`pipeline/scoped/${device}`, data));
      expect(reply).toEqual([device, `pipeline/scoped/${device}`, data, 1]);
    }
  });

  it('a global ValidationPipe makes instances of payloads, refuses bad ones, and leaves context and captures alone', async () => {
    Validating.seen.clear();
    const { app } = await createServer(broker.connection, { controllers: [Validating] });
    app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true }));
    await app.listen();
    const device = await connectMqttJs(broker);
    const send = (payload: string): Promise<unknown> => device.publishAsync('pipeline/readings/7', payload, properties);
    await send('{"unit":"C","value":1000}');
    await send('"no object"');
    await send('{"unit":"C","value":21,"extra":true}');
    expect(await Validating.seen.atLeast(1)).toEqual([
      [
        true,
        [
          ['unit', 'C'],
          ['value', 21],
        ],
        '7',
        version5 ? 'north' : undefined,
        true,
      ],
    ]);
  });

  it('a caller is told when its payload is refused', async () => {
    await startServer(broker.connection, { controllers: [Validating] });
    const client = createClient(broker.connection);
    expect(await firstValueFrom(client.send('pipeline/validated', { unit: 'C', value: 21 }))).toBe('21 C');
    await expect(firstValueFrom(client.send('pipeline/validated', { unit: 'C', value: 'x' }))).rejects.toMatchObject({
      status: 'error',
    });
  });

  if (NEST_MAJOR === 12) {
    it('Nest 12: a Standard Schema of a payload', async () => {
      const { StandardSchemaValidationPipe } = (await import('@nestjs/common')) as unknown as Nest12;
      const PayloadBy = Payload as (options: { schema: unknown }) => ParameterDecorator;
      const seen = new Journal<unknown>();

      @Controller()
      class BySchema {
        @EventPattern<string>('pipeline/schema/{device}')
        handle(@PayloadBy({ schema: WHOLE_NUMBER }) value: number, @TopicParam('device') device: string): void {
          seen.add([value, device]);
        }
      }

      const { app } = await createServer(broker.connection, { controllers: [BySchema] });
      app.useGlobalPipes(new StandardSchemaValidationPipe());
      await app.listen();
      const device = await connectMqttJs(broker);
      for (const payload of ['"many"', '1.5', '7']) await device.publishAsync('pipeline/schema/a', payload);
      expect(await seen.atLeast(1)).toEqual([[7, 'a']]);
    });
  }
});
