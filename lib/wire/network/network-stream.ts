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
 * Begins a network connection (section 4.2). What is written before it is there is sent when it is.
 *
 * What comes in goes to `onBytes`, and not through the stream, whose `pause()` and `resume()` hold it up and let it go on. What
 * `onBytes` throws destroys the stream. Whatever goes wrong from then on is an 'error' of the stream, and 'close' follows; who
 * listens as soon as the promise resolves misses neither.
 *
 * @param onBytes called with what comes in; the bytes are valid during the call only
 * @returns a stream that is connecting, or connected
 * @throws Error when an option cannot be used, such as a key that is none
 */
export async function openNetworkStream(endpoint: Endpoint, options: Options, onBytes: OnBytes): Promise<Duplex> {
  await Promise.resolve(); // an immediate failure is reported after the microtasks, when the caller listens
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
