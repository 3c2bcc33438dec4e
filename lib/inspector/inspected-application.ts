import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import type { ClientMqtt } from '../client/mqtt.client.js';
import { exploreModules, type ExploredApplication } from '../module/explored-application.js';
import type { MqttObservedConnection } from '../observing/mqtt-observed-connection.js';
import { TopicFilter } from '../protocol/topic-filter.js';
import type { HandlerDescription } from '../routing/handler-description.js';
import type { ServerMqtt } from '../server/mqtt.server.js';

/** A handler and its server. */
export interface InspectedHandler extends HandlerDescription {
  readonly server: ServerMqtt;
  /** Name of the server's broker. */
  readonly broker: string | undefined;
  /** The handler's filter, parsed. */
  readonly topics: TopicFilter;
}

/** Servers and clients of the application, found on first use. */
@Injectable()
export class InspectedApplication {
  private found: ExploredApplication | undefined;
  private readonly described = new WeakMap<ServerMqtt, readonly InspectedHandler[]>();

  constructor(@Inject(ModuleRef) private readonly modules: ModuleRef) {}

  get parts(): ExploredApplication {
    return (this.found ??= exploreModules(this.modules.get(ModulesContainer, { strict: false })));
  }

  /** Names of the brokers with a client; '' for the unnamed one. */
  get brokers(): string[] {
    return [...new Set(this.parts.clients.map(nameOf))];
  }

  clientOf(broker: string): ClientMqtt | undefined {
    return this.parts.clients.find((client) => nameOf(client) === broker);
  }

  /** Dead letters of the servers that have a store, by store id. */
  get keepers(): { readonly id: string; readonly broker: string | undefined; readonly server: ServerMqtt }[] {
    return this.parts.servers.flatMap((server, place) =>
      server.deadLetters.keepsLetters ? [{ id: String(place), broker: this.describe(server)[0]?.broker, server }] : [],
    );
  }

  /** The handlers of a connection, in the order of its figures. */
  handlersOf(connection: MqttObservedConnection): readonly InspectedHandler[] {
    const server = this.parts.servers.find((known) => isOf(connection, known));
    return server ? this.describe(server) : [];
  }

  /** The handlers of all servers. */
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

/** Whether the connection belongs to the server. */
export function isOf({ clientId, broker }: MqttObservedConnection, server: ServerMqtt): boolean {
  const health = server.health();
  return health?.clientId === clientId && health.broker === broker;
}

function nameOf(client: ClientMqtt): string {
  return client.describe().connection.name ?? '';
}
