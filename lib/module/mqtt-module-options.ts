import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Type } from '@nestjs/common';
import type { MqttClientOptions } from '../options/client-options.js';
import type { MqttServerOptions } from '../options/server-options.js';

/** Options of server, client and their connections in one object. */
export interface MqttModuleOptions extends MqttServerOptions, MqttClientOptions {
  /**
   * Milliseconds that `close()` waits, of the server for running handlers and of the client for what was published; `Infinity` for as
   * long as that takes. Default 15_000 for the server, 5_000 for the client.
   */
  gracefulTimeout?: number;
}

/** What the module needs before its options are resolved. */
export interface MqttModuleExtras {
  /** Tells several brokers apart. Default: the one unnamed broker. */
  name?: string;
  /** Whether other modules can inject server and client without importing this one. Default false. */
  isGlobal?: boolean;
}

/** Makes the options, for `forRootAsync({ useClass })` and `useExisting`. */
export interface MqttModuleOptionsFactory {
  /** Called once, when the application starts. */
  createMqttOptions(): MqttModuleOptions | Promise<MqttModuleOptions>;
}

/** Requires exactly one of `useFactory`, `useClass` and `useExisting`. */
export interface MqttModuleAsyncOptions extends MqttModuleExtras, Pick<ModuleMetadata, 'imports'> {
  /** Providers that `useFactory` gets as arguments. */
  inject?: (InjectionToken | OptionalFactoryDependency)[];
  /** Returns the options. */
  useFactory?: (...dependencies: never[]) => MqttModuleOptions | Promise<MqttModuleOptions>;
  /** Class that returns the options; the module creates it. */
  useClass?: Type<MqttModuleOptionsFactory>;
  /** The same, for a provider of `imports`. */
  useExisting?: Type<MqttModuleOptionsFactory>;
}
