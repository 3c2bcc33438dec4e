import { expect, it } from '@jest/globals';
import { Controller, Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload } from '@nestjs/microservices';
import {
  ClientMqtt,
  InvalidTopicError,
  MqttModule,
  MqttSubscription,
  PublishTo,
  ServerMqtt,
  TopicParam,
} from '../../../lib/index.js';
import { describeEachBroker } from '../../support/broker-matrix.js';
import { closeAfterTest } from '../../support/closing.js';
import { Journal } from '../../support/journal.js';
import '../../support/logs.js';
import { connectMqttJs, subscribeMqttJs } from '../../support/mqttjs-client.js';
import { createServer, startServer } from '../../support/nest-application.js';

/** What `@nestjs/config` gives. */
@Injectable()
class ConfigService {
  static readonly values = new Map<string, unknown>();

  get<T>(name: string): T {
    return ConfigService.values.get(name) as T;
  }
}

@Module({ providers: [ConfigService], exports: [ConfigService] })
class ConfigModule {}

const seen = new Journal<unknown[]>();

@Controller()
class Devices {
  @EventPattern<string>('devices/{deviceId}/celsius')
  @PublishTo('sites/{site}/devices/{deviceId}/fahrenheit')
  celsius(@Payload() celsius: number, @TopicParam() params: Record<string, string>): number {
    seen.add([celsius, { ...params }]);
    return celsius * 2 + 30;
  }
}

/** A publisher whose topic comes from configuration. */
@Injectable()
class Heartbeat {
  private readonly publisher;

  constructor(@Inject(ClientMqtt) client: ClientMqtt, @Inject(ConfigService) config: ConfigService) {
    this.publisher = client.publisher(`sites/${config.get<string>('SITE')}/heartbeat`, { qos: 1 });
  }

  beat(): Promise<void> {
    return this.publisher.publish('alive');
  }
}

describeEachBroker('topics from configuration', (broker) => {
  it('the prefix of all handlers, with a capture in it; the topic of a publisher', async () => {
    seen.clear();
    const site = 'north';
    ConfigService.values.set('SITE', site);
    ConfigService.values.set('PREFIX', 'sites/{site}/');

    @Module({
      imports: [
        ConfigModule,
        MqttModule.forRootAsync({
          imports: [ConfigModule],
          inject: [ConfigService],
          useFactory: (config: ConfigService) => ({
            ...broker.connection,
            subscribeOptions: { prefix: config.get<string>('PREFIX') },
          }),
        }),
      ],
      controllers: [Devices],
      providers: [Heartbeat],
    })
    class AppModule {}

    const app = await NestFactory.create(AppModule);
    closeAfterTest(() => app.close());
    app.connectMicroservice({ strategy: app.get(ServerMqtt) });
    await app.startAllMicroservices();
    const peer = await connectMqttJs(broker);
    const messages = await subscribeMqttJs(peer, `sites/${site}/#`);
    await peer.publishAsync(`sites/${site}/devices/7/celsius`, '21');
    await app.get(Heartbeat).beat();
    const published = (await messages.atLeast(3)).map(({ topic, payload }) => `${topic} ${payload.toString()}`);
    expect(published.toSorted()).toEqual([
      `sites/${site}/devices/7/celsius 21`,
      `sites/${site}/devices/7/fahrenheit 72`,
      `sites/${site}/heartbeat alive`,
    ]);
    expect(seen.entries).toEqual([[21, { site, deviceId: '7' }]]);
  });

  it('a value that is there when the classes are: the prefix of one controller', async () => {
    const settings = { line: 'line-7/' };
    const started = new Journal<string>();

    @Controller()
    @MqttSubscription({ prefix: settings.line })
    class Line {
      @EventPattern<string>('started')
      started(@Payload() what: string): void {
        started.add(what);
      }
    }

    await startServer({ ...broker.connection, subscribeOptions: { prefix: 'plant/' } }, { controllers: [Line] });
    const peer = await connectMqttJs(broker);
    await peer.publishAsync('plant/line-7/started', 'press');
    expect(await started.atLeast(1)).toEqual(['press']);
  });

  it('a prefix that makes no Topic Filter is refused at start', async () => {
    const { app } = await createServer(
      { ...broker.connection, subscribeOptions: { prefix: 'sites/#/' } },
      { controllers: [Devices] },
    );
    await expect(app.listen()).rejects.toBeInstanceOf(InvalidTopicError);
  });
});
