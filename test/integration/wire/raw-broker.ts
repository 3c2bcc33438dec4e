import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate, parser, type IPublishPacket, type Packet } from 'mqtt-packet';
import { closeAfterTest } from '../../support/closing.js';
import { Journal } from '../../support/journal.js';

/** A peer that says yes to everything, as a broker does, and besides sends whatever it is told to. */
export class RawBroker {
  /** What clients have sent, as far as it has been read. */
  readonly packets = new Journal<Packet>();
  /** Connections that a CONNECT has come on. */
  readonly connections = new Journal<Socket>();
  /** What the next connections are answered instead of a CONNACK. */
  readonly greetings: Buffer[] = [];
  /** Told of what clients publish. */
  onPublish: ((packet: IPublishPacket) => void) | undefined;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly protocolVersion: 4 | 5,
  ) {
    server.on('connection', (socket) => this.accept(socket));
  }

  /** @param path of a Unix domain socket; default: a free port */
  static async listen(protocolVersion: 4 | 5, path?: string): Promise<RawBroker> {
    const server = createServer({ noDelay: true });
    if (path === undefined) server.listen(0, '127.0.0.1');
    else server.listen(path);
    await once(server, 'listening');
    return new RawBroker(server, protocolVersion);
  }

  get url(): string {
    return `mqtt://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Whether the latest connection is still there. */
  get connected(): boolean {
    return this.connections.entries.at(-1)?.destroyed === false;
  }

  /** Sends over the latest connection. */
  send(...packets: (Packet | Buffer)[]): void {
    const bytes = packets.map((packet) => (Buffer.isBuffer(packet) ? packet : this.encode(packet)));
    this.latest.write(Buffer.concat(bytes));
  }

  /** Reads nothing more. */
  pause(): void {
    this.latest.pause();
  }

  resume(): void {
    this.latest.resume();
  }

  /** Packets of one kind that clients have sent. */
  sent<Cmd extends Packet['cmd']>(cmd: Cmd): Extract<Packet, { cmd: Cmd }>[] {
    return this.packets.entries.filter((packet) => packet.cmd === cmd) as Extract<Packet, { cmd: Cmd }>[];
  }

  async close(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, 'close');
  }

  private get latest(): Socket {
    const socket = this.connections.entries.at(-1);
    if (!socket) throw new Error('No client has connected');
    return socket;
  }

  private encode(packet: Packet): Buffer {
    return generate(packet, { protocolVersion: this.protocolVersion });
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    const packets = parser({ protocolVersion: this.protocolVersion });
    packets.on('packet', (packet) => this.receive(socket, packet));
    socket.on('data', (chunk: Buffer) => packets.parse(chunk));
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => this.sockets.delete(socket));
  }

  private receive(socket: Socket, packet: Packet): void {
    const greeting = packet.cmd === 'connect' ? this.greetings.shift() : undefined;
    const answer = answerTo(packet);
    if (greeting) socket.write(greeting);
    else if (answer && socket.writable) socket.write(this.encode(answer));
    if (packet.cmd === 'connect') this.connections.add(socket);
    if (packet.cmd === 'publish') this.onPublish?.(packet);
    this.packets.add(packet);
  }
}

function answerTo(packet: Packet): Packet | undefined {
  const { cmd, messageId } = packet;
  if (cmd === 'connect') return { cmd: 'connack', reasonCode: 0, returnCode: 0, sessionPresent: false };
  if (cmd === 'subscribe') return { cmd: 'suback', messageId, granted: packet.subscriptions.map(({ qos }) => qos) };
  if (cmd === 'unsubscribe') return { cmd: 'unsuback', messageId, granted: packet.unsubscriptions.map(() => 0) };
  if (cmd === 'pingreq') return { cmd: 'pingresp' };
  if (cmd === 'pubrec') return { cmd: 'pubrel', messageId };
  if (cmd === 'pubrel') return { cmd: 'pubcomp', messageId };
  if (cmd !== 'publish' || packet.qos === 0) return undefined;
  return { cmd: packet.qos === 1 ? 'puback' : 'pubrec', messageId };
}

/** One for a test. Closed after it. */
export async function startRawBroker(protocolVersion: 4 | 5): Promise<RawBroker> {
  const broker = await RawBroker.listen(protocolVersion);
  closeAfterTest(() => broker.close());
  return broker;
}

/**
 * One at a Unix domain socket: such sockets hold little, and always as much, so that a broker that does not read is noticed soon.
 *
 * @returns the broker, and how to reach it
 */
export async function startUnixBroker(protocolVersion: 4 | 5): Promise<{
  broker: RawBroker;
  connection: { protocolVersion: 4 | 5; protocol: 'mqtt'; unixSocket: true; path: string };
}> {
  const folder = await mkdtemp(join(tmpdir(), 'raw-broker-'));
  closeAfterTest(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'mqtt.sock');
  const broker = await RawBroker.listen(protocolVersion, path);
  closeAfterTest(() => broker.close());
  return { broker, connection: { protocolVersion, protocol: 'mqtt', unixSocket: true, path } };
}
