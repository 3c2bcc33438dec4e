import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import { likelyName } from '../options/option-names.js';
import { ServerMqtt } from '../server/mqtt.server.js';
import { declaringClasses, type DeclaringClass } from './declared-handlers.js';
import { connectedServers } from './explored-application.js';
import { brokerNameOf } from './mqtt-tokens.js';
import { nameHandlers } from './name-handlers.js';

/** Applications that have been checked: an application may have several `MqttModule`s. */
const checked = new WeakSet<ModulesContainer>();

/** Time after which a connected server should have been started, in milliseconds. Starting it after `app.listen()` is allowed. */
const START_MS = 5_000;

/** Names the handlers of the application, and warns at start about handlers and decorators that have no effect. */
export class StartupCheck implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly modules: ModulesContainer) {
    nameHandlers(modules);
  }

  /** Called by Nest when all modules are initialised, and connected microservices have their handlers. */
  onApplicationBootstrap(): void {
    if (checked.has(this.modules)) return;
    checked.add(this.modules);
    const logger = new Logger('MqttModule');
    const provided = providedServers(this.modules);
    const servers = [...new Set([...provided, ...connectedServers(this.modules)])];
    const warnings = [...startupWarnings(declaringClasses(this.modules), servers), ...importedTwice(provided)];
    for (const line of warnings) logger.warn(line);
    const connected = servers.filter(({ hasHandlers }) => hasHandlers);
    if (connected.length === 0) return;
    const check = (): void => {
      for (const line of notStarted(connected)) logger.warn(line);
    };
    this.timer = setTimeout(check, START_MS).unref();
  }

  onModuleDestroy(): void {
    clearTimeout(this.timer);
  }
}

function notStarted(connected: readonly ServerMqtt[]): string[] {
  return connected
    .filter((server) => server.health() === undefined)
    .map(
      ({ transportId }) =>
        `${nameOf(transportId)} is connected to the application, but not started, so no messages arrive. Call app.startAllMicroservices().`,
    );
}

/** A server at that time. */
export interface KnownServer {
  readonly transportId: Transport | symbol;
  readonly hasHandlers: boolean;
}

/** @returns one line for each probable mistake */
export function startupWarnings(classes: readonly DeclaringClass[], servers: readonly KnownServer[]): string[] {
  return [
    ...classes.flatMap(misplaced),
    ...classes.flatMap(badParameters),
    ...unconnected(classes, servers),
    ...onSeveralBrokers(classes, servers),
    ...onUnknownBrokers(classes, servers),
  ];
}

/** The servers of `MqttModule`. */
function providedServers(modules: ModulesContainer): ServerMqtt[] {
  const servers = new Set<ServerMqtt>();
  for (const { providers } of modules.values())
    for (const { instance } of providers.values()) if (instance instanceof ServerMqtt) servers.add(instance);
  return [...servers];
}

function misplaced({ name, isController, decorated, handlers, withoutPattern }: DeclaringClass): string[] {
  const lines = withoutPattern.map(
    (method) =>
      `${name}.${method}() has decorators of this package, but no pattern, and so is not a handler. Add @EventPattern or @MessagePattern.`,
  );
  if (!isController && handlers.length > 0) {
    const methods = handlers.map(({ method }) => `${name}.${method}()`).join(', ');
    lines.push(
      `${methods}: handlers of a provider are not registered by Nest. Make ${name} a @Controller, and list it in controllers.`,
    );
  }
  if (decorated && handlers.length === 0)
    lines.push(
      `@MqttSubscription on ${name} has no effect: the class has no handlers. ` +
        (isController
          ? 'Add @EventPattern or @MessagePattern to its methods, or remove it.'
          : `Make ${name} a @Controller with @EventPattern or @MessagePattern methods, or remove it.`),
    );
  return lines;
}

function badParameters({ name, isController, handlers }: DeclaringClass): string[] {
  if (!isController) return [];
  return handlers
    .filter(({ transport }) => typeof transport !== 'number' || transport === Transport.MQTT)
    .flatMap(({ method, problems }) => problems.map((problem) => `${name}.${method}(): ${problem}`));
}

function unconnected(classes: readonly DeclaringClass[], servers: readonly KnownServer[]): string[] {
  const handlers = handlersOf(classes);
  const connected = servers.filter(({ hasHandlers }) => hasHandlers).map((server) => server.transportId);
  const anyConnected = connected.length > 0;
  return servers.flatMap(({ transportId }) => {
    if (connected.includes(transportId)) return [];
    const own = handlers.filter(
      ({ transport }) => transport === transportId || (transport === undefined && !anyConnected),
    );
    if (own.length === 0) return [];
    return [
      `The application has ${own.length} ${own.length === 1 ? 'handler' : 'handlers'} (${own[0]!.where}${own.length > 1 ? ', ...' : ''}), but its ` +
        `${nameOf(transportId)} is not connected, so no messages arrive. Call app.connectMicroservice({ strategy: app.get(...) }) and ` +
        'app.startAllMicroservices() before app.listen(). For handlers of another transport, specify it: @EventPattern(pattern, Transport.NATS).',
    ];
  });
}

function onSeveralBrokers(classes: readonly DeclaringClass[], servers: readonly KnownServer[]): string[] {
  const connected = servers.filter(({ hasHandlers }) => hasHandlers);
  const everywhere = handlersOf(classes).filter(({ transport }) => transport === undefined);
  if (connected.length < 2 || everywhere.length === 0) return [];
  return [
    `Handlers without a broker are subscribed at all ${connected.length} brokers (${connected.map(({ transportId }) => nameOf(transportId)).join(', ')}): ` +
      `${everywhere.map(({ where }) => where).join(', ')}. Specify a broker: @EventPattern(pattern, getMqttTransportId(name)), or Transport.MQTT for the unnamed one.`,
  ];
}

function onUnknownBrokers(classes: readonly DeclaringClass[], servers: readonly KnownServer[]): string[] {
  const known = new Set(servers.map(({ transportId }) => transportId));
  const names = servers.flatMap(({ transportId }) => brokerNameOf(transportId) ?? []);
  return handlersOf(classes).flatMap(({ where, transport }) => {
    const name = brokerNameOf(transport);
    if (name === undefined || known.has(transport!)) return [];
    const likely = likelyName(name, names);
    return [
      `${where} is for the broker "${name}", which no MqttModule has. ` +
        (likely
          ? `Did you mean "${likely}"?`
          : 'Import MqttModule with this name, unless you connect a server for it yourself.'),
    ];
  });
}

/** The same name twice: the servers have one injection token, and only one of them is connected. */
function importedTwice(servers: readonly KnownServer[]): string[] {
  const ids = servers.map(({ transportId }) => transportId);
  return [...new Set(ids)].flatMap((id) => {
    const count = ids.filter((other) => other === id).length;
    const name = brokerNameOf(id);
    if (count < 2) return [];
    return [
      `MqttModule.forRoot() is imported ${count} times ${name === undefined ? 'without a name' : `with the name "${name}"`}: ` +
        'each import makes a server and a client of its own. For one broker, import it once, with isGlobal: true, in the root module; for several, give each a name of its own.',
    ];
  });
}

interface PlacedHandler {
  readonly where: string;
  readonly transport: Transport | symbol | undefined;
}

function handlersOf(classes: readonly DeclaringClass[]): PlacedHandler[] {
  return classes
    .filter(({ isController }) => isController)
    .flatMap(({ name, handlers }) =>
      handlers.map(({ method, transport }) => ({ where: `${name}.${method}()`, transport })),
    );
}

function nameOf(transportId: Transport | symbol): string {
  const name = brokerNameOf(transportId);
  return name === undefined ? 'ServerMqtt' : `ServerMqtt "${name}"`;
}
