import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { Controller, Inject, Injectable, Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import {
  ClientMqtt,
  getMqttClientToken,
  getMqttServerToken,
  getMqttTransportId,
  InjectMqttClient,
  InjectMqttServer,
  InvalidOptionsError,
  MqttModule,
  ServerMqtt,
  type MqttContext,
  type MqttModuleOptions,
  type MqttModuleOptionsFactory,
} from '../../../lib/index.js';
import { closeAfterTest } from '../../support/closing.js';
import { Journal } from '../../support/journal.js';
import '../../support/logs.js';
import { moduleOf } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

@Injectable()
class Orders {
  constructor(@Inject(ClientMqtt) readonly client: ClientMqtt) {}
}

@Controller()
class Echo {
  @MessagePattern('module/echo')
  echo(@Payload() data: unknown): unknown {
    return data;
  }
}

/** A hybrid application without HTTP: what `connectMicroservice` gives. */
async function start(
  imports: DynamicModule[],
  controllers = [Echo] as (new () => object)[],
  providers = [Orders] as never[],
) {
  const app = await NestFactory.create(moduleOf({ imports, controllers, providers }));
  closeAfterTest(() => app.close());
  return app;
}

async function served(mqttModule: DynamicModule): Promise<unknown> {
  const app = await start([mqttModule]);
  app.connectMicroservice({ strategy: app.get(ServerMqtt) });
  await app.startAllMicroservices();
  return firstValueFrom(app.get(Orders).client.send('module/echo', 'hello'));
}

class OptionsOf implements MqttModuleOptionsFactory {
  static url = '';

  createMqttOptions(): Promise<MqttModuleOptions> {
    return Promise.resolve(connectionTo(OptionsOf.url));
  }
}

const URL_OF_BROKER = Symbol('url of the broker');

function moduleWithUrl(url: string): DynamicModule {
  return {
    module: class UrlModule {},
    providers: [{ provide: URL_OF_BROKER, useValue: url }],
    exports: [URL_OF_BROKER],
  };
}

describe('MqttModule', () => {
  it('forRoot(): server and client by their classes', async () => {
    const { url } = await startInProcessBroker();
    expect(await served(MqttModule.forRoot(connectionTo(url)))).toBe('hello');
  });

  it('forRootAsync({ useFactory, inject, imports })', async () => {
    const { url } = await startInProcessBroker();
    const mqttModule = MqttModule.forRootAsync({
      imports: [moduleWithUrl(url)],
      inject: [URL_OF_BROKER],
      useFactory: async (given: string) => connectionTo(given),
    });
    expect(await served(mqttModule)).toBe('hello');
  });

  it('forRootAsync({ useClass }), which gets its own injections', async () => {
    const { url } = await startInProcessBroker();

    @Injectable()
    class Configured implements MqttModuleOptionsFactory {
      constructor(@Inject(URL_OF_BROKER) private readonly given: string) {}

      createMqttOptions(): MqttModuleOptions {
        return connectionTo(this.given);
      }
    }

    expect(await served(MqttModule.forRootAsync({ imports: [moduleWithUrl(url)], useClass: Configured }))).toBe(
      'hello',
    );
  });

  it('forRootAsync({ useExisting }): the instance that is there already', async () => {
    const { url } = await startInProcessBroker();
    let instances = 0;

    @Injectable()
    class Existing extends OptionsOf {
      constructor() {
        super();
        instances++;
      }
    }

    @Module({ providers: [Existing], exports: [Existing] })
    class ConfigurationModule {}

    OptionsOf.url = url;
    const mqttModule = MqttModule.forRootAsync({ imports: [ConfigurationModule], useExisting: Existing });
    expect(await served(mqttModule)).toBe('hello');
    expect(instances).toBe(1);
  });

  it('isGlobal: other modules inject without importing it', async () => {
    const { url } = await startInProcessBroker();

    @Module({ providers: [Orders], exports: [Orders] })
    class OrdersModule {}

    const app = await start(
      [MqttModule.forRoot({ ...connectionTo(url), isGlobal: true }), { module: OrdersModule }],
      [],
      [],
    );
    expect(app.get(Orders, { strict: false }).client).toBe(app.get(ClientMqtt));
  });

  it('server and client have Client Identifiers of their own', async () => {
    const { broker, url } = await startInProcessBroker();
    const app = await start([MqttModule.forRoot({ ...connectionTo(url), clientId: 'orders' })]);
    app.connectMicroservice({ strategy: app.get(ServerMqtt) });
    await app.startAllMicroservices();
    await app.get(ClientMqtt).connect();
    expect(broker.clients.map(({ clientId }) => clientId).toSorted()).toEqual(['orders-client', 'orders-server']);
  });

  it('connects lazily, and closes with the application', async () => {
    const { broker, url } = await startInProcessBroker();
    const app = await start([MqttModule.forRoot(connectionTo(url))]);
    await app.init();
    expect(broker.clients).toEqual([]);
    await app.get(ClientMqtt).connect();
    expect(broker.clients).toHaveLength(1);
    await app.close();
    expect(broker.clients).toEqual([]);
  });

  it('the client is there until the last handler has ended', async () => {
    const { broker, url } = await startInProcessBroker();
    const begun = new Journal<string>();
    const outcome = new Journal<unknown>();

    @Controller()
    class Asking {
      constructor(@Inject(ClientMqtt) private readonly client: ClientMqtt) {}

      @EventPattern<string>('module/ask')
      async ask(@Ctx() { signal }: MqttContext): Promise<void> {
        begun.add('begun');
        await once(signal, 'abort'); // the server closes
        await this.client.publish('module/done', 1).then(() => outcome.add('published'), outcome.add);
      }
    }

    const app = await start([MqttModule.forRoot(connectionTo(url))], [Asking] as never[]);
    app.connectMicroservice({ strategy: app.get(ServerMqtt) });
    await app.startAllMicroservices();
    await app.get(ClientMqtt).publish('module/ask', 1);
    await begun.atLeast(1);
    await app.close();
    expect(outcome.entries).toEqual(['published']);
    expect(broker.clients).toEqual([]); // nor was it closed before, and opened again
  });

  it('wrong options: the application does not start, and says all that is wrong', async () => {
    const starting = NestFactory.create(
      moduleOf({ imports: [MqttModule.forRoot({ keepalive: -1, requestTimeout: 0 })] }),
      { abortOnError: false },
    );
    await expect(starting).rejects.toThrow(InvalidOptionsError);
  });
});

describe('MqttModule for several brokers', () => {
  const seen = new Journal<string>();

  @Controller()
  class TwoBrokers {
    constructor(
      @InjectMqttClient('plant') readonly plant: ClientMqtt,
      @InjectMqttClient() readonly office: ClientMqtt,
      @InjectMqttServer('plant') readonly plantServer: ServerMqtt,
    ) {}

    @EventPattern<string>('alarm', getMqttTransportId('plant'))
    plantAlarm(@Payload() data: string): void {
      seen.add(`plant: ${data}`);
    }

    @EventPattern<string>('order', new ServerMqtt().transportId)
    officeOrder(@Payload() data: string): void {
      seen.add(`office: ${data}`);
    }
  }

  it('names tell them apart: tokens, decorators, and which handler belongs to which broker', async () => {
    const office = await startInProcessBroker();
    const plant = await startInProcessBroker();
    const app = await start(
      [
        MqttModule.forRoot(connectionTo(office.url)),
        MqttModule.forRootAsync({ name: 'plant', useFactory: () => connectionTo(plant.url) }),
      ],
      [TwoBrokers] as never[],
      [],
    );
    const controller = app.get(TwoBrokers);
    expect(controller.plant).toBe(app.get(getMqttClientToken('plant')));
    expect(controller.plantServer).toBe(app.get(getMqttServerToken('plant')));
    expect(controller.office).toBe(app.get(ClientMqtt));
    expect(controller.plant).not.toBe(controller.office);
    app.connectMicroservice({ strategy: app.get(ServerMqtt) });
    app.connectMicroservice({ strategy: app.get(getMqttServerToken('plant')) });
    await app.startAllMicroservices();
    const filtersOf = ({ broker }: typeof office): string[] =>
      broker.clients.flatMap(({ subscriptions }) => subscriptions.map(({ filter }) => filter));
    expect([filtersOf(office), filtersOf(plant)]).toEqual([['order'], ['alarm']]);
    await controller.plant.publish('alarm', 'fire');
    await controller.office.publish('order', 'tea');
    expect((await seen.atLeast(2)).toSorted()).toEqual(['office: tea', 'plant: fire']);
  });
});
