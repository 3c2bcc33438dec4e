import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Type } from '@nestjs/common';
import type { MqttClientOptions } from '../options/client-options.js';
import type { MqttServerOptions } from '../options/server-options.js';

/** Options of the server, the client and their connections. */
export interface MqttModuleOptions extends MqttServerOptions, MqttClientOptions {
  /**
   * Maximum time in milliseconds that `close()` waits: the server for running handlers, the client for published messages; `Infinity` for
   * no limit. Default 15_000 for the server, 5_000 for the client.
   */
  gracefulTimeout?: number;
}

/** Options of the dynamic module itself. */
export interface MqttModuleExtras {
  /** Name of the broker, if there are several. Default: the unnamed broker. */
  name?: string;
  /** Whether the module is global, so that other modules can inject server and client without importing it. Default false. */
  isGlobal?: boolean;
}

/** Creates the options, for `forRootAsync({ useClass })` and `useExisting`. */
export interface MqttModuleOptionsFactory {
  /** Called once, when the application starts. */
  createMqttOptions(): MqttModuleOptions | Promise<MqttModuleOptions>;
}

/** Requires exactly one of `useFactory`, `useClass` and `useExisting`. */
export interface MqttModuleAsyncOptions extends MqttModuleExtras, Pick<ModuleMetadata, 'imports'> {
  /** Tokens of the providers that are passed to `useFactory`. */
  inject?: (InjectionToken | OptionalFactoryDependency)[];
  /** Factory of the options. */
  useFactory?: (...dependencies: never[]) => MqttModuleOptions | Promise<MqttModuleOptions>;
  /** Class that creates the options; instantiated by the module. */
  useClass?: Type<MqttModuleOptionsFactory>;
  /** Like `useClass`, with an existing provider of `imports`. */
  useExisting?: Type<MqttModuleOptionsFactory>;
}
