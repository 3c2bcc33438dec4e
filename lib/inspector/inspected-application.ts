import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import type { ClientMqtt } from '../client/mqtt.client.js';
import { exploreModules, type ExploredApplication } from '../module/explored-application.js';
import type { MqttObservedConnection } from '../observing/mqtt-observed-connection.js';
import { TopicFilter } from '../protocol/topic-filter.js';
import type { HandlerDescription } from '../routing/handler-description.js';
import type { ServerMqtt } from '../server/mqtt.server.js';

/** A handler, with where it is served. */
export interface InspectedHandler extends HandlerDescription {
  readonly server: ServerMqtt;
  /** Name of its broker. */
  readonly broker: string | undefined;
  /** Its filter, parsed. */
  readonly topics: TopicFilter;
}

/** Servers and clients of the application that the inspector is a part of, found when somebody looks first. */
@Injectable()
export class InspectedApplication {
  private found: ExploredApplication | undefined;
  private readonly described = new WeakMap<ServerMqtt, readonly InspectedHandler[]>();

  constructor(@Inject(ModuleRef) private readonly modules: ModuleRef) {}

  get parts(): ExploredApplication {
    return (this.found ??= exploreModules(this.modules.get(ModulesContainer, { strict: false })));
  }

  /** Brokers that there is a client of, '' for the unnamed one. */
  get brokers(): string[] {
    return [...new Set(this.parts.clients.map(nameOf))];
  }

  clientOf(broker: string): ClientMqtt | undefined {
    return this.parts.clients.find((client) => nameOf(client) === broker);
  }

  /** Servers that keep their dead letters in a store, with a name for each. */
  get keepers(): { readonly id: string; readonly broker: string | undefined; readonly server: ServerMqtt }[] {
    return this.parts.servers.flatMap((server, place) =>
      server.deadLetters.keepsLetters ? [{ id: String(place), broker: this.describe(server)[0]?.broker, server }] : [],
    );
  }

  /** What the handlers of a connection are, in the order in which it tells of them. */
  handlersOf(connection: MqttObservedConnection): readonly InspectedHandler[] {
    const server = this.parts.servers.find((known) => isOf(connection, known));
    return server ? this.describe(server) : [];
  }

  /** Those of all servers. */
  get handlers(): readonly InspectedHandler[] {
    return this.parts.servers.flatMap((server) => this.describe(server));
  }

  private describe(server: ServerMqtt): readonly InspectedHandler[] {
    let handlers = this.described.get(server);
    if (!handlers) {
      const { connection, handlers: described } = server.describe();
      handlers = described.map((handler) => ({
        ...handler,
        server,
        broker: connection.name,
        topics: TopicFilter.parse(handler.filter),
      }));
      this.described.set(server, handlers);
    }
    return handlers;
  }
}

/** Whether it is the connection of that server. */
export function isOf({ clientId, broker }: MqttObservedConnection, server: ServerMqtt): boolean {
  const health = server.health();
  return health?.clientId === clientId && health.broker === broker;
}

function nameOf(client: ClientMqtt): string {
  return client.describe().connection.name ?? '';
}
