import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ResolvedConnectionOptions } from '../../options/connection-options.js';
import type { Endpoint } from './endpoints.js';
import { readIntoOneBuffer, type OnBytes } from './incoming-bytes.js';
import { openSocksStream, socksProxyOf } from './socks-stream.js';
import { connectTls } from './tls-socket.js';
import { openWebSocketStream } from './websocket-stream.js';

type Options = Pick<ResolvedConnectionOptions, 'mqtt' | 'noDelay'>;

/**
 * Opens a network connection (section 4.2). Bytes written before it is connected are sent afterwards.
 *
 * Incoming bytes are passed to `onBytes`, not through the stream; `pause()` and `resume()` of the stream still apply. An error of `onBytes`
 * destroys the stream. Later failures are 'error' events of the stream, followed by 'close'; listeners added when the promise resolves
 * receive both.
 *
 * @param onBytes called with incoming bytes, which are valid during the call only
 * @returns a stream that is connecting, or connected
 * @throws Error when an option is invalid, such as a key
 */
export async function openNetworkStream(endpoint: Endpoint, options: Options, onBytes: OnBytes): Promise<Duplex> {
  await Promise.resolve(); // the caller can add listeners before an immediate failure is emitted
  if (endpoint.protocol === 'ws' || endpoint.protocol === 'wss') return openWebSocketStream(endpoint, options, onBytes);
  const proxyUrl = socksProxyOf(endpoint, options.mqtt);
  if (proxyUrl !== undefined) return openSocksStream(endpoint, options, proxyUrl, onBytes);
  return openSocket(endpoint, options, onBytes);
}

function openSocket(endpoint: Endpoint, { mqtt, noDelay }: Options, onBytes: OnBytes): Socket {
  const onread = readIntoOneBuffer(() => socket, onBytes);
  const { protocol, host, port, path } = endpoint;
  const socket: Socket =
    protocol === 'mqtts'
      ? connectTls(endpoint, mqtt, { onread })
      : connect(path === undefined ? { host, port, onread } : { path, onread });
  return socket.setNoDelay(noDelay);
}
