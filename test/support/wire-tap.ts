import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { parser, type Packet } from 'mqtt-packet';
import { closeAfterTest } from './closing.js';
import { Journal } from './journal.js';
import type { TestConnection } from './test-broker.js';

export interface TappedPacket {
  readonly from: 'client' | 'broker';
  readonly packet: Packet;
}

/**
 * Stands between one client and its broker, whichever that is, and shows every control packet that goes by. A packet is noted
 * before it goes on: what is caused by it stands behind it.
 */
export class WireTap {
  readonly packets = new Journal<TappedPacket>();
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly behind: TestConnection,
  ) {
    server.on('connection', (socket) => this.join(socket));
  }

  static async open(behind: TestConnection): Promise<WireTap> {
    const server = createServer({ noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new WireTap(server, behind);
  }

  /** For the client that is to be watched. */
  get connection(): TestConnection {
    return { ...this.behind, url: `mqtt://127.0.0.1:${(this.server.address() as AddressInfo).port}` };
  }

  /** Packets of one kind from one side, from the first to the last. */
  sent<Cmd extends Packet['cmd']>(from: TappedPacket['from'], cmd: Cmd): Extract<Packet, { cmd: Cmd }>[] {
    return this.packets.entries
      .filter((entry) => entry.from === from && entry.packet.cmd === cmd)
      .map(({ packet }) => packet as Extract<Packet, { cmd: Cmd }>);
  }

  /** Cuts the client's connection, as when a cable is pulled. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.server.close();
    this.cut();
    await once(this.server, 'close');
  }

  private join(client: Socket): void {
    const { hostname, port } = new URL(this.behind.url);
    const broker = connect({ host: hostname, port: Number(port || 1883), noDelay: true });
    this.pass('client', client, broker);
    this.pass('broker', broker, client);
  }

  private pass(from: TappedPacket['from'], source: Socket, target: Socket): void {
    const packets = parser({ protocolVersion: this.behind.protocolVersion });
    packets.on('packet', (packet) => this.packets.add({ from, packet }));
    this.sockets.add(source);
    source.on('data', (chunk: Buffer) => {
      packets.parse(chunk);
      target.write(chunk);
    });
    source.on('error', () => {}); // 'close' follows
    source.on('end', () => target.end());
    source.on('close', () => {
      this.sockets.delete(source);
      target.destroy();
    });
  }
}

/** A tap in front of a broker. Closed after the test. */
export async function tapWire(behind: TestConnection): Promise<WireTap> {
  const tap = await WireTap.open(behind);
  closeAfterTest(() => tap.close());
  return tap;
}
