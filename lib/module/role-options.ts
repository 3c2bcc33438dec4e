import type { MqttClientOptions } from '../options/client-options.js';
import type { MqttServerOptions } from '../options/server-options.js';
import { OF_CLIENTS, OF_SERVERS } from '../options/role-names.js';
import type { MqttModuleOptions } from './mqtt-module-options.js';

/** The server's part of the module's options. */
export function serverOptionsOf(options: MqttModuleOptions): MqttServerOptions {
  return { ...without(options, OF_CLIENTS), ...clientIdOf(options, 'server') };
}

/**
 * The client's part of the module's options. Its session ends with its connection, because it subscribes only to its inbox. The will
 * belongs to the server: else it would be published twice.
 */
export function clientOptionsOf(options: MqttModuleOptions): MqttClientOptions {
  const { will: _will, clean: _clean, ...client } = without(options, OF_SERVERS);
  return { ...client, ...clientIdOf(options, 'client'), ...sessionlessProperties(options) };
}

function without<Name extends string>(
  options: MqttModuleOptions,
  names: Readonly<Record<Name, true>>,
): Omit<MqttModuleOptions, Name> {
  const others = Object.entries(options).filter(([name]) => !Object.hasOwn(names, name));
  return Object.fromEntries(others) as Omit<MqttModuleOptions, Name>;
}

/** Server and client need different Client Identifiers: the broker closes the older connection when another uses the same one. */
function clientIdOf({ clientId }: MqttModuleOptions, role: 'server' | 'client'): { clientId?: string } {
  return clientId ? { clientId: `${clientId}-${role}` } : {};
}

function sessionlessProperties({ properties }: MqttModuleOptions): Pick<MqttClientOptions, 'properties'> {
  if (!properties) return {};
  const { sessionExpiryInterval: _sessionExpiryInterval, ...rest } = properties;
  return Object.keys(rest).length > 0 ? { properties: rest } : { properties: undefined };
}
