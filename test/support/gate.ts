import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { closeAfterTest } from './closing.js';
import { freePort } from './free-port.js';

/** A way to a broker that can be shut: who comes through it is cut off, and nobody is let in, while the broker and others go on. */
export class Gate {
  private server: Server | undefined;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly broker: URL,
    private readonly port: number,
  ) {}

  /** Open. Closed for good after the test. */
  static async before(url: string): Promise<Gate> {
    const gate = new Gate(new URL(url), await freePort());
    await gate.open();
    closeAfterTest(() => gate.shut());
    return gate;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  async open(): Promise<void> {
    if (this.server) return;
    this.server = createServer({ noDelay: true }, (client) => this.join(client));
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  async shut(): Promise<void> {
    const { server } = this;
    if (!server) return;
    this.server = undefined;
    server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(server, 'close');
  }

  private join(client: Socket): void {
    const broker = connect({ host: this.broker.hostname, port: Number(this.broker.port), noDelay: true });
    this.pass(client, broker);
    this.pass(broker, client);
  }

  private pass(source: Socket, target: Socket): void {
    this.sockets.add(source);
    source.pipe(target);
    source.on('error', () => {}); // 'close' follows
    source.on('close', () => {
      this.sockets.delete(source);
      target.destroy();
    });
  }
}
