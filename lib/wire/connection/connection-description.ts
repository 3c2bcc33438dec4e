import type { ResolvedConnectionOptions } from '../../options/connection-options.js';
import type { QoS } from '../../protocol/application-message.js';
import { endpointsOf, type Endpoint } from '../network/endpoint.js';

/** The address of a broker. */
export interface EndpointDescription {
  /** `mqtt` is TCP, `mqtts` is TLS. */
  readonly protocol: 'mqtt' | 'mqtts' | 'ws' | 'wss';
  /** Host name or IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** Path of a WebSocket, without its query. */
  readonly path: string | undefined;
}

/**
 * The connection options of a server or a client, without confidential values: user name, password, keys, the query of a URL and the
 * payload of the will are omitted.
 */
export interface ConnectionDescription {
  /** The option `name`, or the name of the `MqttModule`; undefined if there is none. */
  readonly name: string | undefined;
  /** The endpoint, or those of `servers`. */
  readonly endpoints: readonly EndpointDescription[];
  /** 5 is MQTT 5.0, 4 is MQTT 3.1.1. */
  readonly protocolVersion: 4 | 5;
  /** Client Identifier; undefined if the options set none: then a random one is generated at every start. */
  readonly clientId: string | undefined;
  /** Clean Start (5.0) or Clean Session (3.1.1). */
  readonly clean: boolean;
  /** Keep Alive in seconds; undefined if the options do not set it. */
  readonly keepalive: number | undefined;
  /** Session Expiry Interval in seconds; undefined if the options do not set it, and on 3.1.1. */
  readonly sessionExpiryInterval: number | undefined;
  /** Maximum Packet Size in bytes; undefined if the options do not set it, and on 3.1.1. */
  readonly maximumPacketSize: number | undefined;
  /** The will; undefined if there is none. */
  readonly will: { readonly topic: string; readonly qos: QoS; readonly retain: boolean } | undefined;
  /** Kinds of credentials, by their names in AsyncAPI. */
  readonly authentication: readonly ('userPassword' | 'X509')[];
}

export function describeConnection(options: ResolvedConnectionOptions): ConnectionDescription {
  const { mqtt, name, protocolVersion, generatedClientId, clientId } = options;
  return {
    name,
    endpoints: endpointsOf(options).map(describeEndpoint),
    protocolVersion,
    clientId: generatedClientId ? undefined : clientId,
    clean: mqtt.clean ?? true,
    keepalive: mqtt.keepalive,
    sessionExpiryInterval: mqtt.properties?.sessionExpiryInterval,
    maximumPacketSize: mqtt.properties?.maximumPacketSize,
    will: mqtt.will && { topic: mqtt.will.topic, qos: mqtt.will.qos ?? 0, retain: mqtt.will.retain ?? false },
    authentication: authenticationOf(options),
  };
}

function describeEndpoint({ protocol, host, port, path }: Endpoint): EndpointDescription {
  const isWebSocket = protocol === 'ws' || protocol === 'wss';
  return { protocol, host, port, path: isWebSocket ? path?.split('?')[0] : undefined };
}

function authenticationOf({ url, mqtt, credentials }: ResolvedConnectionOptions): ('userPassword' | 'X509')[] {
  const inUrl = url !== '' && new URL(url).username !== '';
  const password = inUrl || credentials !== undefined || mqtt.username !== undefined || mqtt.password !== undefined;
  return [...(password ? (['userPassword'] as const) : []), ...(mqtt.cert ? (['X509'] as const) : [])];
}
