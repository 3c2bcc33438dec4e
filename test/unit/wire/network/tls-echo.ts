import type { Socket } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Certificate } from '../../../support/certificates.js';
import { eventually } from '../../../support/deadline.js';
import { echo, listen } from '../connection/network-peer.js';

/** A TLS server that sends back what it gets. */
export class TlsEcho {
  port = 0;
  readonly accepted: TLSSocket[] = [];
  private readonly chunks: Buffer[] = [];
  private gone = 0;

  static async start({ cert, key }: Certificate, options: TlsOptions = {}): Promise<TlsEcho> {
    const started = new TlsEcho();
    const server = createServer({ cert, key, ...options }, (socket) => started.accept(socket));
    server.on('connection', (socket: Socket) => socket.once('close', () => started.gone++));
    started.port = await listen(server);
    return started;
  }

  /** What clients have sent. */
  get received(): string {
    return Buffer.concat(this.chunks).toString();
  }

  /** Resolves when so many connections have ended, whether they were accepted or not. */
  async ended(connections: number): Promise<void> {
    await eventually(() => this.gone === connections, `${connections} connections have ended`);
  }

  private accept(socket: TLSSocket): void {
    this.accepted.push(socket);
    socket.on('data', (bytes: Buffer) => this.chunks.push(bytes));
    echo(socket);
  }
}
