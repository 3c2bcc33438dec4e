import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Injectable, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, MessagePattern, Payload, Transport, type MicroserviceOptions } from '@nestjs/microservices';
import {
  getMqttServerToken,
  getMqttTransportId,
  MqttModule,
  MqttSubscription,
  patternsOf,
  PublishTo,
  ServerMqtt,
  TopicParam,
} from '../../../lib/index.js';
import { closeAfterTest } from '../../support/closing.js';
import { logs } from '../../support/logs.js';
import { moduleOf, startServer } from '../../support/nest-application.js';
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

  it('nothing is told of the server of a module that is imported for its client, where another one serves', async () => {
    const { url } = await startInProcessBroker();
    const imports = [MqttModule.forRoot(connectionTo(url))];
    const app = await NestFactory.createMicroservice<MicroserviceOptions>(
      moduleOf({ controllers: [Devices], imports }),
      { strategy: new ServerMqtt(connectionTo(url)) },
    );
    closeAfterTest(() => app.close());
    await app.listen();
    expect(warnings()).toEqual([]);
  });

  it('parameters that are undefined are named', async () => {
    @Controller()
    class Parameters {
      @EventPattern<string>('parameters/{id}')
      undecorated(@TopicParam('id') _id: string, _data: unknown): void {}

      @EventPattern<string>('parameters/{id}/http')
      http(@Param('id') _id: string, @Payload() _data: unknown): void {}

      @Get('both/:id')
      @MessagePattern('parameters/both')
      both(@Param('id') _id: string): void {}

      @MessagePattern('parameters/plain')
      plain(_data: unknown, _context: unknown): void {}

      @MessagePattern('parameters/other', Transport.NATS)
      other(@Ctx() _context: unknown, _data: unknown): void {}
    }
    await start({ controllers: [Parameters] }, { connected: true });
    expect(warnings()).toEqual([
      'Parameters.undecorated(): its parameter 2 has no decorator, and is undefined because another parameter has one. Add @Payload() or @Ctx().',
      'Parameters.http(): its parameter 1 has @Param(), which is for HTTP. Use @Payload(), @Ctx() or @TopicParam().',
    ]);
  });

  it('handlers that are subscribed at all brokers are named', async () => {
    await start({ controllers: [Devices, Plant] }, { connected: true, names: [undefined, 'plant'] });
    expect(warnings()).toEqual([
      'Handlers without a broker are subscribed at all 2 brokers (ServerMqtt, ServerMqtt "plant"): ' +
        'Devices.device(), Devices.alarm(). Specify a broker: @EventPattern(pattern, getMqttTransportId(name)), or Transport.MQTT for the unnamed one.',
    ]);
  });

  it('a handler for a broker that there is not is named, with the name that was probably meant', async () => {
    @Controller()
    class Misspelt {
      @EventPattern('a', getMqttTransportId('plnt'))
      a(_data: unknown): void {}

      @EventPattern('b', getMqttTransportId('elsewhere'))
      b(_data: unknown): void {}
    }
    await start({ controllers: [Misspelt, Plant] }, { connected: true, names: ['plant'] });
    expect(warnings()).toEqual([
      'Misspelt.a() is for the broker "plnt", which no MqttModule has. Did you mean "plant"?',
      'Misspelt.b() is for the broker "elsewhere", which no MqttModule has. Import MqttModule with this name, unless you connect a server for it yourself.',
    ]);
  });

  it.each([undefined, 'plant'])('a module that is imported twice with the name %s is told of', async (name) => {
    const { url } = await startInProcessBroker();
    const imports = [5, 4].map((protocolVersion) =>
      MqttModule.forRoot({ url, protocolVersion: protocolVersion as 4 | 5, ...(name && { name }) }),
    );
    const app = await NestFactory.create(moduleOf({ imports }));
    closeAfterTest(() => app.close());
    await app.init();
    expect(warnings()).toEqual([
      `MqttModule.forRoot() is imported 2 times ${name ? 'with the name "plant"' : 'without a name'}: ` +
        'each import makes a server and a client of its own. For one broker, import it once, with isGlobal: true, in the root module; for several, give each a name of its own.',
    ]);
  });

  describe('and a connected server is not started', () => {
    afterEach(() => void jest.useRealTimers());

    it.each<[string, boolean]>([
      ['it is told of after 5 s', false],
      ['nothing is told of one that is started in time', true],
    ])('%s', async (_title, started) => {
      const { url } = await startInProcessBroker();
      const imports = [MqttModule.forRoot(connectionTo(url))];
      const app = await NestFactory.create(moduleOf({ controllers: [Devices], imports }));
      closeAfterTest(() => app.close());
      app.connectMicroservice({ strategy: app.get(ServerMqtt) });
      jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
      await app.init();
      if (started) await app.startAllMicroservices();
      jest.advanceTimersByTime(4_999);
      expect(warnings()).toEqual([]);
      jest.advanceTimersByTime(1);
      expect(warnings()).toEqual(
        started
          ? []
          : [
              'ServerMqtt is connected to the application, but not started, so no messages arrive. Call app.startAllMicroservices().',
            ],
      );
    });
  });

  it('decorators that do nothing are named', async () => {
    await start({ controllers: [Devices, Forgetful], providers: [Misplaced, Decorated] }, { connected: true });
    expect(warnings().toSorted()).toEqual([
      '@MqttSubscription on Decorated has no effect: the class has no handlers. Make Decorated a @Controller with @EventPattern or @MessagePattern methods, or remove it.',
      'Forgetful.forgotten() has decorators of this package, but no pattern, and so is not a handler. Add @EventPattern or @MessagePattern.',
      'Forgetful.results() has decorators of this package, but no pattern, and so is not a handler. Add @EventPattern or @MessagePattern.',
      'Misplaced.handle(): handlers of a provider are not registered by Nest. Make Misplaced a @Controller, and list it in controllers.',
    ]);
  });
});

/** Starts an application whose server is that of MqttModule. Nest ends the process at an error, unless it is told not to. */
async function startConnected(...controllers: (new () => object)[]): Promise<void> {
  const { url } = await startInProcessBroker();
  const imports = [MqttModule.forRoot(connectionTo(url))];
  const app = await NestFactory.create(moduleOf({ controllers, imports }), { abortOnError: false });
  closeAfterTest(() => app.close());
  app.connectMicroservice({ strategy: app.get(ServerMqtt) });
  await app.startAllMicroservices();
}

/** A controller as in plain JavaScript, or with a constant that is not there yet. */
function lampsOf(pattern: unknown, decorator: unknown = EventPattern): new () => object {
  class Lamps {
    on(): void {}
  }
  const decorate = (decorator as (given: unknown) => MethodDecorator)(pattern);
  decorate(Lamps.prototype, 'on', Object.getOwnPropertyDescriptor(Lamps.prototype, 'on')!);
  Controller()(Lamps);
  return Lamps;
}

describe('a pattern that is none', () => {
  const circle =
    'not undefined, at Lamps.on(). A constant is undefined while modules import each other in a circle: move it to a file that imports neither.';
  const symbol = "a pattern is a string, or an object such as { cmd: 'sum' }, not a symbol, at Lamps.on().";

  it('undefined is refused with its method, where MqttModule is imported', async () => {
    await expect(startConnected(lampsOf(undefined))).rejects.toThrow(circle);
  });

  it('and without its method, where it is not', async () => {
    await expect(startServer({}, { controllers: [lampsOf(undefined)] })).rejects.toThrow(
      'not undefined. A constant is undefined while modules import each other in a circle: move it to a file that imports neither.',
    );
  });

  it.each([
    ['a Symbol', Symbol('x')],
    ['a Symbol in a list', ['lamps/on', Symbol('x')]],
  ])('%s is refused with its method, where MqttModule is imported', async (_, pattern) => {
    await expect(startConnected(lampsOf(pattern))).rejects.toThrow(symbol);
  });

  it.each([
    ['undefined', undefined, circle],
    ['undefined in a list', ['lamps/on', undefined], circle],
    ['a Symbol', Symbol('x'), symbol],
    [
      'an object with a Symbol',
      { cmd: Symbol('x') },
      'not an object with values other than strings and numbers, at Lamps.on().',
    ],
  ])('the decorators of patternsOf() refuse it at once: %s', (_, pattern, message) => {
    for (const decorator of Object.values(patternsOf())) expect(() => lampsOf(pattern, decorator)).toThrow(message);
  });
});

describe('two request handlers of one filter', () => {
  abstract class Base {
    @MessagePattern('lamps/{id}/get')
    get(): void {}
  }

  @Controller()
  class Lamps extends Base {}

  @Controller()
  class OtherLamps extends Base {}

  @Controller()
  class Bulbs {
    @MessagePattern('lamps/{bulb}/get')
    read(): void {}
  }

  it('are named, with their patterns', async () => {
    await expect(startConnected(Lamps, Bulbs)).rejects.toThrow(
      'Two request handlers are registered for "lamps/+/get", but only one can reply: "lamps/{id}/get" (Base.get()) and ' +
        '"lamps/{bulb}/get" (Bulbs.read()). Give one of them another pattern or prefix, or make it an @EventPattern.',
    );
  });

  it.each<[string, readonly (new () => object)[]]>([
    ['a controller of two modules', [Bulbs]],
    ['a method that two controllers inherit', [Lamps, OtherLamps]],
  ])('that are one method: %s', async (_, controllers) => {
    const [one, other = one] = controllers;
    const again = moduleOf({ controllers: [other!] });
    const { url } = await startInProcessBroker();
    const started = startServer(connectionTo(url), { controllers: [one!], imports: [again] });
    await expect(started).rejects.toThrow(
      /is registered twice\. List its controller in one module only; controllers that inherit the method need a prefix each\./,
    );
  });
});
