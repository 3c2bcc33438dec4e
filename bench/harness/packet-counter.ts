// Reads along what clients and broker say to each other. That takes time: nothing is timed through it.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { parser, type Packet } from 'mqtt-packet';

/** Nobody, and no delay of TCP, is silent that long in the middle of something. */
const SILENCE_MS = 200;

export interface PassedPacket {
  readonly from: 'client' | 'broker';
  readonly packet: Packet;
}

/** A way to the broker on which MQTT Control Packets are counted. */
export class PacketCounter {
  private readonly sockets = new Set<Socket>();
  private passed: PassedPacket[] = [];
  private failure: Error | undefined;

  private constructor(
    private readonly server: Server,
    private readonly brokerUrl: string,
  ) {
    server.on('connection', (client) => this.connect(client));
  }

  static async start(brokerUrl: string): Promise<PacketCounter> {
    const server = createServer({ noDelay: true });
    const counter = new PacketCounter(server, brokerUrl);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return counter;
  }

  /** Where clients connect to. */
  get url(): string {
    return `mqtt://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** What has passed since the last time, as soon as no more comes. */
  async take(): Promise<readonly PassedPacket[]> {
    for (let before = -1; before !== this.passed.length;) {
      before = this.passed.length;
      await setTimeout(SILENCE_MS);
    }
    if (this.failure) throw this.failure;
    const { passed } = this;
    this.passed = [];
    return passed;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    const closed = once(this.server, 'close');
    this.server.close();
    await closed;
  }

  private connect(client: Socket): void {
    this.sockets.add(client);
    const { hostname, port } = new URL(this.brokerUrl);
    const broker = connect({ host: hostname, port: Number(port), noDelay: true });
    const version = { protocolVersion: 4 };
    this.read(client, 'client', version);
    this.read(broker, 'broker', version);
    pipeline(client, broker, client, () => this.sockets.delete(client)); // when one hangs up, both do
  }

  /** @param version shared by both directions: only CONNECT tells */
  private read(socket: Socket, from: PassedPacket['from'], version: { protocolVersion: number }): void {
    const packets = parser(version);
    packets.on('packet', (packet: Packet) => {
      if (packet.cmd === 'connect') version.protocolVersion = packet.protocolVersion ?? version.protocolVersion;
      this.passed.push({ from, packet });
    });
    packets.on('error', (error: Error) => (this.failure ??= error));
    socket.on('data', (bytes) => packets.parse(bytes));
  }
}
