import type { ExploredApplication } from '../../module/explored-application.js';
import type { ConnectionDescription, EndpointDescription } from '../../wire/connection/connection-description.js';
import { mqttBinding, referenceTo, type AsyncApiServer, type Reference } from './async-api-document.js';
import { UniqueNames } from './unique-names.js';

/** A broker, with a Server Object for each endpoint. */
export interface Broker {
  readonly name: string;
  /** Prefix of the names of its channels and operations; empty for the unnamed broker. */
  readonly prefix: string;
  readonly protocolVersion: 4 | 5;
  readonly servers: Reference[];
}

const DEFAULT_NAME = 'default';

/** The brokers of an application. A client without a name shares the broker of a server with the same endpoints. */
export class Brokers {
  readonly servers: Record<string, AsyncApiServer> = {};
  private readonly byOwner = new Map<object, Broker>();
  private readonly byPlace = new Map<string, Broker>();
  private readonly names = new UniqueNames('-');

  constructor({ servers, clients }: ExploredApplication) {
    for (const server of servers) this.addServer(server, server.describe().connection);
    for (const client of clients) this.addClient(client, client.describe().connection);
  }

  /** The broker of a server or a client. */
  of(owner: object): Broker | undefined {
    return this.byOwner.get(owner);
  }

  /** @param name undefined for the unnamed broker, or for the first one if all are named */
  named(name: string | undefined): Broker | undefined {
    const all = [...new Set(this.byOwner.values())];
    if (name === undefined) return all.find(({ prefix }) => prefix === '') ?? all[0];
    return all.find((broker) => broker.name === name);
  }

  private addServer(server: object, connection: ConnectionDescription): void {
    this.own(server, this.at(connection) ?? this.create(connection), connection);
  }

  private addClient(client: object, connection: ConnectionDescription): void {
    const neighbour = connection.name === undefined ? this.byPlace.get(placeOf(connection)) : undefined;
    this.own(client, this.at(connection) ?? neighbour ?? this.create(connection), connection);
  }

  private at(connection: ConnectionDescription): Broker | undefined {
    return this.byPlace.get(placeOf(connection, connection.name ?? DEFAULT_NAME));
  }

  private own(owner: object, broker: Broker, connection: ConnectionDescription): void {
    this.byOwner.set(owner, broker);
    this.byPlace.set(placeOf(connection), broker);
  }

  private create(connection: ConnectionDescription): Broker {
    const name = this.names.take(connection.name ?? DEFAULT_NAME);
    const servers = connection.endpoints.map((endpoint, i) => {
      const key = i === 0 ? name : this.names.take(name);
      this.servers[key] = serverOf(endpoint, connection);
      return referenceTo('servers', key);
    });
    const { protocolVersion } = connection;
    const broker = { name, prefix: name === DEFAULT_NAME ? '' : `${name}/`, protocolVersion, servers };
    this.byPlace.set(placeOf(connection, connection.name ?? DEFAULT_NAME), broker);
    return broker;
  }
}

function placeOf({ endpoints }: ConnectionDescription, name = ''): string {
  return JSON.stringify([name, endpoints]);
}

const PROTOCOLS = { mqtt: 'mqtt', mqtts: 'secure-mqtt', ws: 'ws', wss: 'wss' } as const;

function serverOf(endpoint: EndpointDescription, connection: ConnectionDescription): AsyncApiServer {
  const { host, port, path, protocol } = endpoint;
  const { authentication, will } = connection;
  return {
    host: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    ...(path !== undefined && { pathname: path }),
    protocol: PROTOCOLS[protocol],
    protocolVersion: connection.protocolVersion === 5 ? '5.0' : '3.1.1',
    ...(authentication.length > 0 && { security: authentication.map((type) => ({ type })) }),
    bindings: mqttBinding({
      clientId: connection.clientId,
      cleanSession: connection.clean,
      lastWill: will,
      keepAlive: connection.keepalive,
      sessionExpiryInterval: connection.sessionExpiryInterval,
      maximumPacketSize: connection.maximumPacketSize,
    })!,
  };
}
