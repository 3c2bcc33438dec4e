import { Injectable } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import type { ClientMqtt } from '../client/mqtt.client.js';
import { exploreApplication } from '../module/explored-application.js';
import type { MqttObservedConnection } from '../observing/mqtt-observed-connection.js';
import type { HandlerDescription } from '../routing/handler-description.js';
import type { ServerMqtt } from '../server/mqtt.server.js';

/** A handler, with the broker that it belongs to. */
export interface InspectedHandler extends HandlerDescription {
  readonly broker: string | undefined;
}

interface Parts {
  readonly servers: readonly ServerMqtt[];
  readonly clients: ReadonlyMap<string, ClientMqtt>;
}

/** Servers and clients of the application that the inspector is a part of, found when somebody looks first. */
@Injectable()
export class InspectedApplication {
  private found: Parts | undefined;
  private readonly described = new WeakMap<ServerMqtt, readonly InspectedHandler[]>();

  constructor(private readonly modules: ModuleRef) {}

  /** Brokers that there is a client of, '' for the unnamed one. */
  get brokers(): string[] {
    return [...this.parts.clients.keys()];
  }

  clientOf(broker: string): ClientMqtt | undefined {
    return this.parts.clients.get(broker);
  }

  /** What the handlers of a connection are, in the order in which it tells of them. */
  handlersOf({ clientId }: MqttObservedConnection): readonly InspectedHandler[] {
    const server = this.parts.servers.find((known) => known.health()?.clientId === clientId);
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
      handlers = described.map((handler) => ({ ...handler, broker: connection.name }));
      this.described.set(server, handlers);
    }
    return handlers;
  }

  private get parts(): Parts {
    return (this.found ??= this.explore());
  }

  private explore(): Parts {
    const container = this.modules.get(ModulesContainer, { strict: false });
    const { servers, clients } = exploreApplication({ get: () => container } as never);
    return { servers, clients: new Map(clients.map((client) => [client.describe().connection.name ?? '', client])) };
  }
}
