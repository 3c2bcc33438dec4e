import { createServer as createTcpServer } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { createWebSocketServer } from '../../../../lib/testing/network/websocket-server.js';
import type { Endpoint } from '../../../../lib/wire/network/endpoints.js';
import { closeAfterTest } from '../../../support/closing.js';
import type { Certificate } from '../../../support/certificates.js';
import { listen, listenTcp } from '../connection/network-peer.js';
import { startSocksProxy } from './socks-proxy.js';

/** Where a server is, and what it takes to get there. */
interface Reachable {
  readonly endpoint: Partial<Endpoint>;
  readonly mqtt: object;
}

/** What a server of each carrier needs. */
interface Secrets {
  /** For 127.0.0.1. */
  readonly server: Certificate;
  readonly ca: Buffer;
}

type Accept = (stream: Duplex) => void;
type Serve = (accept: Accept, secrets: Secrets) => Promise<Reachable>;

/** A server for everything that can carry MQTT. */
export const CARRIERS = {
  TCP: overTcp,
  'a Unix domain socket': async (accept) => {
    const folder = await mkdtemp(join(tmpdir(), 'sockets-'));
    closeAfterTest(() => rm(folder, { recursive: true }));
    const path = join(folder, 'broker');
    const server = createTcpServer(accept).listen(path);
    await once(server, 'listening');
    closeAfterTest(() => server.close());
    return { endpoint: { path }, mqtt: {} };
  },
  TLS: overTls,
  'a WebSocket': async (accept) => ({
    endpoint: { protocol: 'ws', port: await listen(await createWebSocketServer(undefined, accept)) },
    mqtt: {},
  }),
  'a WebSocket over TLS': async (accept, { server: { cert, key }, ca }) => ({
    endpoint: { protocol: 'wss', port: await listen(await createWebSocketServer({ cert, key }, accept)) },
    mqtt: { ca },
  }),
  'TCP through a SOCKS proxy': async (accept) => throughProxy(await overTcp(accept)),
  'TLS through a SOCKS proxy': async (accept, secrets) => throughProxy(await overTls(accept, secrets)),
} satisfies Record<string, Serve>;

export const CARRIER_NAMES = Object.keys(CARRIERS) as (keyof typeof CARRIERS)[];

async function overTcp(accept: Accept): Promise<Reachable> {
  return { endpoint: { port: await listenTcp(accept) }, mqtt: {} };
}

async function overTls(accept: Accept, { server: { cert, key }, ca }: Secrets): Promise<Reachable> {
  return { endpoint: { protocol: 'mqtts', port: await listen(createTlsServer({ cert, key }, accept)) }, mqtt: { ca } };
}

async function throughProxy({ endpoint, mqtt }: Reachable): Promise<Reachable> {
  const { port } = await startSocksProxy(endpoint.port!);
  return { endpoint, mqtt: { ...mqtt, socksProxy: `socks5://127.0.0.1:${port}` } };
}
