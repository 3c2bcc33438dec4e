import { lookup } from 'node:dns/promises';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ResolvedConnectionOptions } from '../../options/connection-options.js';
import type { Endpoint } from './endpoints.js';
import { readFrom, type OnBytes } from './incoming-bytes.js';
import { LateStream } from './late-stream.js';
import { connectTls } from './tls-socket.js';

type Options = Pick<ResolvedConnectionOptions, 'mqtt' | 'noDelay'>;

interface Proxy {
  readonly host: string;
  readonly port: number;
  readonly type: 4 | 5;
  /** Whether the proxy looks up host names, rather than this process. */
  readonly looksUp: boolean;
}

const KINDS: ReadonlyMap<string, Pick<Proxy, 'type' | 'looksUp'>> = new Map([
  ['socks4:', { type: 4, looksUp: false }],
  ['socks4a:', { type: 4, looksUp: true }],
  ['socks5:', { type: 5, looksUp: false }],
  ['socks5h:', { type: 5, looksUp: true }],
]);

/** URL of the SOCKS proxy for TCP and TLS, from the option or the environment variable of MQTT.js. Default none. */
export function socksProxyOf({ protocol, path }: Endpoint, { socksProxy }: Options['mqtt']): string | undefined {
  if (protocol === 'ws' || protocol === 'wss' || path !== undefined) return undefined;
  // oxlint-disable-next-line node/no-process-env
  return (socksProxy ?? process.env['MQTTJS_SOCKS_PROXY']) || undefined;
}

/**
 * Opens a connection through a SOCKS proxy.
 *
 * @param proxyUrl `socks5://`, `socks5h://`, `socks4://` or `socks4a://`, with host and port
 * @throws Error when the URL is none of these
 */
export async function openSocksStream(
  endpoint: Endpoint,
  options: Options,
  proxyUrl: string,
  onBytes: OnBytes,
): Promise<Duplex> {
  const proxy = readProxy(proxyUrl);
  const stream = new LateStream();
  void tunnel(proxy, endpoint, options, stream, onBytes);
  return stream;
}

async function tunnel(
  proxy: Proxy,
  endpoint: Endpoint,
  options: Options,
  stream: LateStream,
  onBytes: OnBytes,
): Promise<void> {
  try {
    const socket = await passThrough(proxy, endpoint, options, stream);
    const carrier = endpoint.protocol === 'mqtts' ? connectTls(endpoint, options.mqtt, { socket }) : socket;
    readFrom(carrier, onBytes);
    stream.open(carrier);
  } catch (error) {
    stream.destroy(error as Error);
  }
}

/** @returns a socket that the proxy has connected to the endpoint; it ends together with the stream */
async function passThrough(
  proxy: Proxy,
  { host, port }: Endpoint,
  { mqtt, noDelay }: Options,
  stream: Duplex,
): Promise<Socket> {
  const { SocksClient } = await import('socks'); // loaded only when a proxy is used
  const address = proxy.looksUp ? host : (await lookup(host, { family: proxy.type === 4 ? 4 : 0 })).address;
  const socket = await connectTo(proxy, stream);
  socket.setNoDelay(noDelay);
  await SocksClient.createConnection({
    command: 'connect',
    destination: { host: address, port },
    proxy: { host: proxy.host, port: proxy.port, type: proxy.type },
    existing_socket: socket,
    ...(mqtt.socksTimeout !== undefined && { timeout: mqtt.socksTimeout }),
  });
  return socket;
}

async function connectTo({ host, port }: Proxy, stream: Duplex): Promise<Socket> {
  const gone = new Error('The stream is closed');
  if (stream.destroyed) throw gone;
  const socket = connect({ host, port });
  socket.on('error', (error) => stream.destroy(error));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    stream.once('close', () => {
      socket.destroy();
      reject(gone);
    });
  });
  return socket;
}

/** The URL is not shown in errors: it may contain a password. */
function readProxy(url: string): Proxy {
  const { protocol, hostname, port, pathname, search, hash } = URL.canParse(url) ? new URL(url) : new URL('none:');
  const kind = KINDS.get(protocol);
  if (!kind) throw new Error('The SOCKS proxy is not a URL with socks5:, socks5h:, socks4: or socks4a:');
  if (!hostname || !port || pathname || search || hash) {
    throw new Error('The URL of the SOCKS proxy must have a host and a port, and nothing else');
  }
  return { ...kind, host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
}
