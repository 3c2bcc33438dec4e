import 'reflect-metadata';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { PATTERN_METADATA } from '@nestjs/microservices/constants.js';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { ClientMqtt } from '../client/mqtt.client.js';
import { MqttPublisher } from '../client/mqtt-publisher.js';
import { extrasOf } from '../routing/decorators/handler-extras.js';
import { ServerMqtt } from '../server/mqtt.server.js';

/** The method of a handler. */
export interface MethodSource {
  readonly controller: Type;
  readonly name: string;
  readonly method: object;
}

/** The servers, publishers and handler methods of a Nest application. */
export interface ExploredApplication {
  /** Servers of `MqttModule`, and servers passed as strategies. */
  readonly servers: readonly ServerMqtt[];
  readonly clients: readonly ClientMqtt[];
  /** Publishers that are fields of controllers and providers. */
  readonly publishers: readonly MqttPublisher[];
  /** Methods of controllers, by the extras object of their patterns. */
  readonly methods: ReadonlyMap<object, MethodSource>;
}

/** Explores the modules of an application. Does not start it. */
export function exploreApplication(app: INestApplicationContext): ExploredApplication {
  return exploreModules(app.get(ModulesContainer, { strict: false }));
}

/** The same, from inside of the application. */
export function exploreModules(container: ModulesContainer): ExploredApplication {
  const servers = new Set<ServerMqtt>();
  const clients = new Set<ClientMqtt>();
  const publishers = new Set<MqttPublisher>();
  const methods = new Map<object, MethodSource>();
  for (const module of container.values()) {
    for (const provider of module.providers.values()) {
      const instance = instanceOf(provider);
      if (instance instanceof ServerMqtt) servers.add(instance);
      else if (instance instanceof ClientMqtt) clients.add(instance);
      else addPublishers(instance, publishers);
    }
    for (const controller of module.controllers.values()) {
      addPublishers(instanceOf(controller), publishers);
      if (controller.metatype) addMethods(controller.metatype as Type, methods);
    }
  }
  for (const server of connectedServers(container)) servers.add(server);
  return { servers: [...servers], clients: [...clients], publishers: [...publishers], methods };
}

/** The servers that are connected as microservices, also those that the application makes itself. */
export function connectedServers(container: ModulesContainer): ServerMqtt[] {
  const servers: ServerMqtt[] = [];
  // targets that exist are reported at once to each subscriber
  container
    .getRpcTargetRegistry<unknown>()
    .subscribe((target) => {
      if (target instanceof ServerMqtt) servers.push(target);
    })
    .unsubscribe();
  return servers;
}

/** The instance of a provider; undefined unless it is a singleton. */
function instanceOf(wrapper: InstanceWrapper): unknown {
  return wrapper.isDependencyTreeStatic() && !wrapper.isTransient ? (wrapper.instance as unknown) : undefined;
}

/** Only fields are read: a getter may have side effects. */
function addPublishers(instance: unknown, publishers: Set<MqttPublisher>): void {
  if (typeof instance !== 'object' || instance === null) return;
  for (const { value } of Object.values(Object.getOwnPropertyDescriptors(instance)) as { value?: unknown }[]) {
    if (value instanceof MqttPublisher) publishers.add(value);
  }
}

/** Controllers that inherit a method share its extras; the first controller is recorded. */
function addMethods(controller: Type, methods: Map<object, MethodSource>): void {
  const prototype = controller.prototype as Record<string, object>;
  for (const name of new MetadataScanner().getAllMethodNames(prototype)) {
    const method = prototype[name]!;
    if (!Reflect.hasMetadata(PATTERN_METADATA, method)) continue;
    const extras = extrasOf(method);
    if (!methods.has(extras)) methods.set(extras, { controller, name, method });
  }
}
