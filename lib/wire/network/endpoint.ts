import { InvalidOptionsError } from '../../errors/invalid-options.error.js';
import type { ResolvedConnectionOptions } from '../../options/connection-options.js';

/** The address of one network connection. */
export interface Endpoint {
  /** `mqtt` is TCP or a Unix domain socket, `mqtts` is TLS. */
  readonly protocol: 'mqtt' | 'mqtts' | 'ws' | 'wss';
  /** Host name or IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** Path and query of a WebSocket, or path of a Unix domain socket (protocol mqtt). */
  readonly path: string | undefined;
}

type Protocol = Endpoint['protocol'];
export type EndpointOptions = Pick<ResolvedConnectionOptions, 'url' | 'mqtt'>;

export const DEFAULT_HOST = 'localhost';
const DEFAULT_PORTS: Readonly<Record<Protocol, number>> = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 };

/** The protocols supported on Node.js; MQTT.js has others for browsers. */
const PROTOCOLS: ReadonlyMap<string, Protocol> = new Map<string, Protocol>([
  ['mqtt', 'mqtt'],
  ['tcp', 'mqtt'],
  ['mqtts', 'mqtts'],
  ['ssl', 'mqtts'],
  ['tls', 'mqtts'],
  ['ws', 'ws'],
  ['wss', 'wss'],
]);
const WITH_TLS: Readonly<Record<Protocol, Protocol>> = { mqtt: 'mqtts', mqtts: 'mqtts', ws: 'wss', wss: 'wss' };

/**
 * The endpoints in the options of MQTT.js: one, or those of `servers`. Separate options have precedence over the URL.
 *
 * @throws InvalidOptionsError when a protocol is not supported, or `servers` is empty
 */
export function endpointsOf({ url, mqtt }: EndpointOptions): Endpoint[] {
  const given = url ? new URL(url) : undefined;
  const name = mqtt.protocol || given?.protocol || 'mqtt';
  const unixPath = mqtt.unixSocket || name.includes('+unix') ? mqtt.path : undefined;
  const webPath = rooted(mqtt.path || `${given?.pathname ?? ''}${given?.search ?? ''}`);
  const paths = { mqtt: unixPath, mqtts: undefined, ws: webPath, wss: webPath };
  const known = protocolOf('protocol', name);
  const usual = mqtt.cert && mqtt.key ? WITH_TLS[known] : known;
  const endpoint = (protocol: Protocol, host: string | undefined, port: number | undefined): Endpoint => ({
    protocol,
    host: withoutBrackets(host || DEFAULT_HOST),
    port: port || DEFAULT_PORTS[protocol],
    path: paths[protocol],
  });
  if (!mqtt.servers) {
    const host = mqtt.hostname || mqtt.host || given?.hostname.toLowerCase();
    return [endpoint(usual, host, mqtt.port ?? Number(given?.port))];
  }
  if (mqtt.servers.length === 0) throw invalid('servers', 'it is empty', 'Add a server, or remove it');
  return mqtt.servers.map(({ protocol, host, port }, i) =>
    endpoint(protocol ? protocolOf(`servers[${i}].protocol`, protocol) : usual, host, port),
  );
}

function protocolOf(option: string, name: string): Protocol {
  const protocol = PROTOCOLS.get(name.replace(/:$/, '').replace('+unix', ''));
  if (protocol) return protocol;
  throw invalid(option, `the protocol "${name}" is not supported on Node.js`, 'Use mqtt, mqtts, ws or wss');
}

function invalid(option: string, problem: string, remedy: string): InvalidOptionsError {
  return new InvalidOptionsError([{ option, problem, remedy }]);
}

export function withoutBrackets(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

function rooted(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}
