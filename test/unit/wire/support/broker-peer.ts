import { EventEmitter, once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { generate, type Packet } from 'mqtt-packet';
import { within } from '../../../support/deadline.js';
import { listen } from '../connection/network-peer.js';
import { packetReader } from './network.js';

/** The broker's end of one TCP connection, which does what the test says. */
export class PeerConnection {
  /** What the client has sent. */
  readonly packets: Packet[] = [];
  private readonly arrivals = new EventEmitter();
  private ended = false;

  constructor(
    readonly socket: Socket,
    private readonly protocolVersion: 4 | 5,
  ) {
    const read = packetReader(protocolVersion, (packet) => this.packets.push(packet));
    socket.on('data', (bytes: Buffer) => {
      read(bytes);
      this.arrivals.emit('change');
    });
    socket.on('error', () => {}); // 'close' follows
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.ended = true;
        this.arrivals.emit('change');
      });
    }
  }

  get words(): string[] {
    return this.packets.map(({ cmd }) => cmd);
  }

  send(...packets: (Packet | Buffer)[]): void {
    const { protocolVersion } = this;
    const bytes = packets.map((packet) => (Buffer.isBuffer(packet) ? packet : generate(packet, { protocolVersion })));
    this.socket.write(Buffer.concat(bytes));
  }

  /** Resolves with the packets when there are so many. */
  async sent(count: number): Promise<Packet[]> {
    while (this.packets.length < count) await within(once(this.arrivals, 'change'), `${count} packets`);
    return this.packets;
  }

  /** Resolves when the client has ended the connection, or it is gone. */
  async over(): Promise<void> {
    while (!this.ended) await within(once(this.arrivals, 'change'), 'the end of the connection');
  }

  /** Says why, and ends the connection. */
  disconnect(reasonCode: number): void {
    this.send({ cmd: 'disconnect', reasonCode });
    this.socket.end();
  }

  /** Ends the connection by a reset. */
  reset(): void {
    this.socket.resetAndDestroy();
  }
}

/** A TCP server that hands out its connections. */
export class BrokerPeer {
  readonly connections: PeerConnection[] = [];
  private readonly arrivals = new EventEmitter();
  private taken = 0;

  private constructor(private readonly protocolVersion: 4 | 5) {}

  /** @returns the server, and its port; it is closed when the test ends */
  static async listen(protocolVersion: 4 | 5 = 5): Promise<[BrokerPeer, number]> {
    const peer = new BrokerPeer(protocolVersion);
    return [peer, await listen(createServer({ noDelay: true }, (socket) => peer.accept(socket)))];
  }

  /** The next connection. */
  async next(): Promise<PeerConnection> {
    while (this.connections.length === this.taken) await within(once(this.arrivals, 'connection'), 'a connection');
    return this.connections[this.taken++]!;
  }

  /** The next connection, which is accepted. */
  async accepted(connack: object = {}): Promise<PeerConnection> {
    const connection = await this.next();
    await connection.sent(1);
    connection.send({ cmd: 'connack', reasonCode: 0, returnCode: 0, sessionPresent: false, ...connack });
    return connection;
  }

  private accept(socket: Socket): void {
    this.connections.push(new PeerConnection(socket, this.protocolVersion));
    this.arrivals.emit('connection');
  }
}
