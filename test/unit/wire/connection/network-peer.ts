import { EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Endpoint } from '../../../../lib/wire/network/endpoints.js';
import { openNetworkStream } from '../../../../lib/wire/network/network-stream.js';
import { closeAfterTest } from '../../../support/closing.js';
import { within } from '../../../support/deadline.js';

/** One network connection under test. */
export class Opened {
  /** Every 'error' of the stream. */
  readonly errors: NodeJS.ErrnoException[] = [];
  /** Resolves when the stream has emitted 'close'. */
  readonly closed: Promise<unknown>;
  private readonly chunks: Buffer[] = [];
  private readonly arrivals = new EventEmitter();

  constructor(readonly stream: Duplex) {
    stream.on('error', (error) => this.errors.push(error));
    this.closed = within(new Promise((resolve) => stream.once('close', resolve)), 'the stream to close');
    this.closed.catch(() => {});
  }

  /** What has come in so far. */
  get received(): Buffer {
    return Buffer.concat(this.chunks);
  }

  take(bytes: Buffer): void {
    this.chunks.push(Buffer.from(bytes)); // valid during the call only
    this.arrivals.emit('bytes');
  }

  /** What has come in, as soon as it is that many bytes. */
  async bytes(length: number): Promise<Buffer> {
    while (this.received.length < length) await within(once(this.arrivals, 'bytes'), `${length} bytes`);
    return this.received;
  }
}

export interface OpenOptions {
  readonly endpoint: Partial<Endpoint>;
  /** Anything that MQTT.js, or what it is built on, takes. */
  readonly mqtt?: object;
  readonly noDelay?: boolean;
  readonly onBytes?: (bytes: Buffer) => void;
}

/** Opens what is closed when the test ends. */
export async function open({ endpoint, mqtt = {}, noDelay = true, onBytes }: OpenOptions): Promise<Opened> {
  const whole: Endpoint = { protocol: 'mqtt', host: '127.0.0.1', port: 1, path: undefined, ...endpoint };
  const stream = await openNetworkStream(whole, { mqtt, noDelay }, (bytes) => {
    opened.take(bytes);
    onBytes?.(bytes);
  });
  const opened = new Opened(stream);
  closeAfterTest(() => {
    stream.destroy();
    return opened.closed;
  });
  return opened;
}

/** @returns the port that the server listens at; it is closed with all of its connections when the test ends */
export async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}); // 'close' follows
  });
  server.listen(0, host);
  await once(server, 'listening');
  closeAfterTest(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}

/** A TCP server's port. */
export async function listenTcp(accept: (socket: Socket) => void): Promise<number> {
  return listen(createServer(accept));
}

/** Sends back what it gets. */
export function echo(stream: Duplex): void {
  stream.on('error', () => {});
  stream.pipe(stream);
}

/** How many ports, connections and attempts at one are open in this process. */
export function openHandles(): number {
  return process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Pipe|Connect/.test(name)).length;
}
