import type { Socket } from 'node:net';
import type { Duplex, DuplexOptions } from 'node:stream';
import type { IClientOptions } from 'mqtt';
import type { ClientOptions, WebSocket } from 'ws';
import type { ResolvedConnectionOptions } from '../../options/connection-options.js';
import type { Endpoint } from './endpoints.js';
import { readFrom, type OnBytes } from './incoming-bytes.js';

/** [MQTT-6.0.0-3] */
const SUB_PROTOCOLS = ['mqtt'];

/** Options that also apply to the TLS connection of a WebSocket, unless `wsOptions` sets them. */
const TLS_OPTIONS = ['rejectUnauthorized', 'ca', 'cert', 'key', 'pfx', 'passphrase'];

/**
 * Opens a WebSocket for MQTT (section 6). A frame that is not binary ends it with an error [MQTT-6.0.0-1].
 *
 * @throws Error when an option is invalid, and any error of `transformWsUrl` and `createWebsocket`
 */
export async function openWebSocketStream(
  endpoint: Endpoint,
  { mqtt, noDelay }: Pick<ResolvedConnectionOptions, 'mqtt' | 'noDelay'>,
  onBytes: OnBytes,
): Promise<Duplex> {
  const { WebSocket, createWebSocketStream } = await import('ws'); // loaded only when a WebSocket is used
  const options = optionsFor(endpoint, mqtt);
  const url = urlOf(endpoint, options);
  const { wsOptions } = options;
  const socket = mqtt.createWebsocket
    ? (mqtt.createWebsocket(url, [...SUB_PROTOCOLS], options) as WebSocket)
    : new WebSocket(url, SUB_PROTOCOLS, wsOptions as ClientOptions);
  socket.on('message', (message, isBinary) => {
    if (!isBinary || !Buffer.isBuffer(message)) stream.destroy(new Error('A WebSocket frame is not binary'));
  });
  // MQTT.js drops errors without a code, such as those of the opening handshake
  socket.on('error', (error: NodeJS.ErrnoException) => (error.code ??= 'ERR_WEBSOCKET'));
  const stream = createWebSocketStream(socket, wsOptions as DuplexOptions);
  beQuietWhenDestroyed(stream);
  setNoDelay(socket, noDelay);
  readFrom(stream, onBytes);
  stream.once('end', () => stream.destroy()); // it would stay half open after its WebSocket has closed
  return stream;
}

/** A copy that `transformWsUrl` and `createWebsocket` may change. */
function optionsFor({ protocol, host, port, path }: Endpoint, mqtt: ResolvedConnectionOptions['mqtt']): IClientOptions {
  const secure = protocol === 'wss' ? Object.entries(mqtt).filter(([name]) => TLS_OPTIONS.includes(name)) : [];
  const wsOptions = { ...Object.fromEntries(secure), ...mqtt.wsOptions };
  return { ...mqtt, protocol, host, hostname: host, port, path: path ?? '/', wsOptions };
}

function urlOf({ protocol, host, port, path }: Endpoint, options: IClientOptions): string {
  const url = `${protocol}://${host.includes(':') ? `[${host}]` : host}:${port}${path ?? '/'}`;
  // MQTT.js passes its client as third argument; there is none here
  return options.transformWsUrl?.(url, options, undefined as never) ?? url;
}

/** `ws` emits an error when the opening handshake is ended; after `destroy()` it is ignored. */
function beQuietWhenDestroyed(stream: Duplex): void {
  const destroy = stream._destroy.bind(stream);
  stream._destroy = (error, done) => destroy(error, () => done(error));
}

/** `ws` always sets TCP_NODELAY when the WebSocket opens. */
function setNoDelay(socket: WebSocket, noDelay: boolean): void {
  socket.once('upgrade', ({ socket: carrier }: { socket: Socket }) => {
    socket.once('open', () => carrier.setNoDelay(noDelay));
  });
}
