import { Inject, Module, Optional, type DynamicModule, type Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ClientMqtt } from '../client/mqtt.client.js';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import type { MqttObserver } from '../observing/mqtt-observer.js';
import { assertOptionsObject } from '../options/option-checks.js';
import { ServerMqtt } from '../server/mqtt.server.js';
import { asyncOptionsProviders, refuseAsyncOptions } from './async-options.js';
import type { MqttModuleAsyncOptions, MqttModuleExtras, MqttModuleOptions } from './mqtt-module-options.js';
import {
  getDeadLettersToken,
  getMqttClientToken,
  getMqttServerToken,
  getMqttTransportId,
  MQTT_OBSERVERS,
} from './mqtt-tokens.js';
import { StartupCheck } from './startup-check.js';
import { clientOptionsOf, serverOptionsOf } from './role-options.js';

/**
 * Provides {@link ServerMqtt} and {@link ClientMqtt}. The client connects on first use and closes with the application; the server is
 * passed to `connectMicroservice`.
 *
 * @example
 * ```ts
 * @Module({ imports: [MqttModule.forRoot({ url: 'mqtt://localhost', clientId: 'orders' })] })
 * export class AppModule {}
 *
 * const app = await NestFactory.create(AppModule);
 * app.connectMicroservice({ strategy: app.get(ServerMqtt) }, { inheritAppConfig: true });
 * ```
 */
@Module({})
export class MqttModule {
  /** @internal Without forRoot(), Nest would find no provider, and not say why. */
  constructor(@Optional() @Inject(StartupCheck) check?: StartupCheck) {
    if (check) return;
    const remedy = 'Import MqttModule.forRoot({ url }); modules below a global one need no import';
    throw new InvalidOptionsError([{ option: 'MqttModule', problem: 'it is imported without options', remedy }]);
  }

  /** Configures the module with static options. */
  static forRoot(given: MqttModuleOptions & MqttModuleExtras = {}): DynamicModule {
    assertOptionsObject('MqttModule.forRoot()', given, 'MqttModule.forRoot({ url })');
    const { name, isGlobal, ...options } = given;
    refuseAsyncOptions(options);
    return moduleOf({ name, isGlobal }, { provide: optionsToken(name), useValue: options });
  }

  /** Configures the module with options that are created at start, for example from configuration. */
  static forRootAsync(options: MqttModuleAsyncOptions): DynamicModule {
    assertOptionsObject('MqttModule.forRootAsync()', options, 'MqttModule.forRootAsync({ useFactory })');
    const { name, isGlobal, imports = [] } = options;
    return { ...moduleOf({ name, isGlobal }, ...asyncOptionsProviders(optionsToken(name), options)), imports };
  }
}

function moduleOf({ name, isGlobal = false }: MqttModuleExtras, ...providers: Provider[]): DynamicModule {
  const server = getMqttServerToken(name);
  const client = getMqttClientToken(name);
  const letters = getDeadLettersToken(name);
  const inject = [optionsToken(name), { token: MQTT_OBSERVERS, optional: true }];
  return {
    module: MqttModule,
    global: isGlobal,
    providers: [
      ...providers,
      { provide: server, inject, useFactory: (...given: Given) => createServer(observed(...given), name) },
      { provide: client, inject, useFactory: (...given: Given) => createClient(observed(...given), name) },
      { provide: letters, inject: [server], useFactory: ({ deadLetters }: ServerMqtt) => deadLetters },
      {
        provide: StartupCheck,
        inject: [ModulesContainer],
        useFactory: (modules: ModulesContainer) => new StartupCheck(modules),
      },
    ],
    exports: [server, client, letters],
  };
}

type Given = [options: MqttModuleOptions, observers: readonly MqttObserver[] | undefined];

/** The options, with the observers of {@link MQTT_OBSERVERS}. */
function observed(...[options, observers = []]: Given): MqttModuleOptions {
  return observers.length === 0 ? options : { ...options, observers: [...(options.observers ?? []), ...observers] };
}

function createServer(options: MqttModuleOptions, name: string | undefined): ServerMqtt {
  const named = name === undefined ? {} : { name, transportId: getMqttTransportId(name) };
  return new ServerMqtt({ ...named, ...serverOptionsOf(options) });
}

/** Closes the client after the servers: until then their handlers may need it. */
function createClient(options: MqttModuleOptions, name: string | undefined): ClientMqtt {
  const named = name === undefined ? {} : { name };
  const client = new ClientMqtt({ ...named, ...clientOptionsOf(options) });
  return Object.assign(client, { onApplicationShutdown: () => client.finish() });
}

function optionsToken(name: string | undefined): string {
  return name === undefined ? 'MqttModuleOptions' : `MqttModuleOptions:${name}`;
}
