import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { createWebSocketServer } from './websocket-server.js';

/** Options of `listen()`. */
export interface ListenOptions {
  /** Port to listen on. Default 0: any free one. */
  port?: number;
  /** Address to listen on. Default `127.0.0.1`. */
  host?: string;
  /** Key and certificate: TLS instead of plain TCP (`mqtts`, `wss`). */
  tls?: TlsOptions;
  /** WebSocket instead of a bare stream (`ws`, `wss`). Needs the package `ws`. */
  ws?: boolean;
}

/** One address of the broker; can be closed and opened again at the same port. */
export class Listener {
  private server: Server | undefined;
  private readonly sockets = new Set<Socket>();
  private port: number;

  constructor(
    private readonly options: ListenOptions,
    private readonly accept: (stream: Duplex) => void,
  ) {
    this.port = options.port ?? 0;
  }

  get url(): string {
    const { host = '127.0.0.1', tls, ws } = this.options;
    const scheme = ws ? (tls ? 'wss' : 'ws') : tls ? 'mqtts' : 'mqtt';
    return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${this.port}`;
  }

  async open(): Promise<string> {
    const server = await this.createServer();
    server.on('connection', (socket: Socket) => this.track(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, this.options.host ?? '127.0.0.1', resolve);
    });
    server.on('error', () => {}); // error of one accept: there is no connection to end
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
    return this.url;
  }

  /** Refuses new connections, and closes existing ones. */
  async close(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (!server) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private async createServer(): Promise<Server> {
    const { tls, ws } = this.options;
    if (ws) return createWebSocketServer(tls, this.accept);
    return tls ? createTlsServer(tls, this.accept) : createServer(this.accept);
  }

  /** Sockets, including those without an MQTT connection. */
  private track(socket: Socket): void {
    socket.setNoDelay(true); // an acknowledgement must not wait for another one
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => {}); // there is no other listener before the TLS or WebSocket handshake
  }
}
