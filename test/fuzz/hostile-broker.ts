import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { generate, parser, type IPublishPacket, type Packet } from 'mqtt-packet';

/** A peer that behaves just enough like a broker to be connected to, and sends whatever it is told to. */
export class HostileBroker {
  private readonly sockets = new Set<Socket>();
  private arrived: (() => void)[] = [];
  /** Topic that the client has named last for its replies. */
  responseTopic = 'reply/nobody';
  /** What the last request had for Correlation Data. */
  correlationData: Buffer = Buffer.from('none');
  /** Whether requests are answered, as an honest responder would. */
  honest = false;

  private constructor(
    private readonly server: Server,
    private readonly protocolVersion: 4 | 5,
  ) {
    server.on('connection', (socket) => this.accept(socket));
  }

  static async listen(protocolVersion: 4 | 5): Promise<HostileBroker> {
    const server = createServer({ noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new HostileBroker(server, protocolVersion);
  }

  get url(): string {
    return `mqtt://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Sends to everybody who is connected; false when nobody is. */
  send(bytes: Buffer): boolean {
    for (const socket of this.sockets) socket.write(bytes);
    return this.sockets.size > 0;
  }

  /** The next client's CONNECT, or at once when one is there. */
  async connected(): Promise<void> {
    if (this.sockets.size > 0) return;
    await new Promise<void>((resolve) => this.arrived.push(resolve));
  }

  async close(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, 'close');
  }

  private accept(socket: Socket): void {
    const packets = parser({ protocolVersion: this.protocolVersion });
    packets.on('packet', (packet) => this.answer(socket, packet));
    packets.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => packets.parse(chunk));
    socket.on('error', () => {});
    socket.on('close', () => this.sockets.delete(socket));
  }

  private answer(socket: Socket, packet: Packet): void {
    const reply = (answer: Packet): void => {
      if (socket.writable) socket.write(generate(answer, { protocolVersion: this.protocolVersion }));
    };
    const { messageId } = packet;
    if (packet.cmd === 'connect') {
      reply({ cmd: 'connack', reasonCode: 0, returnCode: 0, sessionPresent: false });
      this.sockets.add(socket);
      for (const resolve of this.arrived.splice(0)) resolve();
    } else if (packet.cmd === 'subscribe') {
      reply({ cmd: 'suback', messageId, granted: packet.subscriptions.map(({ qos }) => qos) });
    } else if (packet.cmd === 'unsubscribe') {
      reply({ cmd: 'unsuback', messageId, granted: packet.unsubscriptions.map(() => 0) });
    } else if (packet.cmd === 'pingreq') reply({ cmd: 'pingresp' });
    else if (packet.cmd === 'pubrel') reply({ cmd: 'pubcomp', messageId });
    else if (packet.cmd === 'publish') this.take(packet, reply);
  }

  private take(packet: IPublishPacket, reply: (answer: Packet) => void): void {
    const { qos, messageId, properties } = packet;
    if (qos === 1) reply({ cmd: 'puback', messageId });
    if (qos === 2) reply({ cmd: 'pubrec', messageId });
    const { responseTopic, correlationData } = properties ?? {};
    if (responseTopic === undefined || !correlationData) return;
    this.responseTopic = responseTopic;
    this.correlationData = correlationData;
    if (!this.honest) return;
    const { payload } = packet;
    reply({
      cmd: 'publish',
      topic: responseTopic,
      payload,
      qos: 0,
      dup: false,
      retain: false,
      properties: { correlationData },
    });
  }
}
