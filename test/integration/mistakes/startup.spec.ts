import { describe, expect, it } from '@jest/globals';
import { Controller, Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Transport } from '@nestjs/microservices';
import {
  getMqttServerToken,
  getMqttTransportId,
  MqttModule,
  MqttSubscription,
  PublishTo,
  ServerMqtt,
} from '../../../lib/index.js';
import { closeAfterTest } from '../../support/closing.js';
import { logs } from '../../support/logs.js';
import { moduleOf } from '../../support/nest-application.js';
import { connectionTo, startInProcessBroker } from '../../support/test-broker.js';

@Controller()
class Devices {
  @EventPattern<string>('devices/+')
  device(): void {}

  @EventPattern<string>('alarms')
  alarm(): void {}
}

@Controller()
class Plant {
  @EventPattern<string>('plant/+', getMqttTransportId('plant'))
  machine(): void {}
}

@Controller()
class Others {
  @EventPattern<string>('others', Transport.NATS)
  other(): void {}
}

@Injectable()
class Misplaced {
  @EventPattern<string>('misplaced')
  handle(): void {}
}

@Injectable()
@MqttSubscription({ qos: 1 })
class Decorated {}

@Controller()
class Forgetful {
  @MqttSubscription({ qos: 1 })
  forgotten(): void {}

  @PublishTo('results')
  results(): number {
    return 1;
  }
}

const warnings = (): string[] =>
  logs.entries
    .filter(({ context, level }) => context === 'MqttModule' && level === 'warn')
    .map(({ message }) => message);

/** Starts an application with HTTP, its servers connected or forgotten. */
async function start(
  metadata: { controllers?: (new () => object)[]; providers?: (new () => object)[] },
  { connected, names = [undefined] }: { connected: boolean; names?: readonly (string | undefined)[] },
): Promise<void> {
  const { url } = await startInProcessBroker();
  const imports = names.map((name) => MqttModule.forRoot({ ...connectionTo(url), ...(name && { name }) }));
  const app = await NestFactory.create(moduleOf({ ...metadata, imports }));
  closeAfterTest(() => app.close());
  if (connected)
    for (const name of names) app.connectMicroservice({ strategy: app.get<ServerMqtt>(getMqttServerToken(name)) });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
}

describe('when an application starts', () => {
  it('a server that nobody has connected is told of', async () => {
    await start({ controllers: [Devices, Others] }, { connected: false });
    expect(warnings()).toEqual([
      'The application has 2 handlers (Devices.device(), ...), but its ServerMqtt is not connected, so no messages arrive. ' +
        'Call app.connectMicroservice({ strategy: app.get(...) }) and app.startAllMicroservices() before app.listen(). ' +
        'For handlers of another transport, specify it: @EventPattern(pattern, Transport.NATS).',
    ]);
  });

  it('and one of several of them too', async () => {
    await start({ controllers: [Plant] }, { connected: false, names: [undefined, 'plant'] });
    expect(warnings()).toEqual([
      expect.stringMatching(
        /^The application has 1 handler \(Plant\.machine\(\)\), but its ServerMqtt "plant" is not connected/,
      ),
    ]);
  });

  it.each<[string, Parameters<typeof start>]>([
    ['that it is connected', [{ controllers: [Devices] }, { connected: true }]],
    ['that it has no handlers', [{}, { connected: false }]],
    ['that its handlers are those of another transport', [{ controllers: [Others] }, { connected: false }]],
  ])('nothing is told of a server because %s', async (_, given) => {
    await start(...given);
    expect(warnings()).toEqual([]);
  });

  it('handlers that are subscribed at all brokers are named', async () => {
    await start({ controllers: [Devices, Plant] }, { connected: true, names: [undefined, 'plant'] });
    expect(warnings()).toEqual([
      'Handlers without a broker are subscribed at all 2 brokers (ServerMqtt, ServerMqtt "plant"): ' +
        'Devices.device(), Devices.alarm(). Specify a broker: @EventPattern(pattern, getMqttTransportId(name)), or Transport.MQTT for the unnamed one.',
    ]);
  });

  it('decorators that do nothing are named', async () => {
    await start({ controllers: [Devices, Forgetful], providers: [Misplaced, Decorated] }, { connected: true });
    expect(warnings().toSorted()).toEqual([
      '@MqttSubscription on Decorated has no effect: the class has no handlers.',
      'Forgetful.forgotten() has decorators of this package, but no pattern, and so is not a handler. Add @EventPattern or @MessagePattern.',
      'Forgetful.results() has decorators of this package, but no pattern, and so is not a handler. Add @EventPattern or @MessagePattern.',
      'Misplaced.handle(): handlers of a provider are not registered by Nest. Make Misplaced a @Controller, and list it in controllers.',
    ]);
  });
});
