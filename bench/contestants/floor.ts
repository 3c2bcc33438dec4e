import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { parser, writeToStream, type IPublishPacket, type Packet } from 'mqtt-packet';
import { ECHO, requestFilter, type ConnectOptions, type Contestant, type QoS, type Reading } from './contestant.js';
import { PendingCalls } from './pending-calls.js';

/**
 * The floor: as little as can stand between a socket and mqtt-packet. It does not reconnect, knows one connection, keeps nothing,
 * and answers whatever comes; what it costs is what MQTT costs in JavaScript.
 */
export const floor: Contestant = {
  async respond({ group, answer, ...options }) {
    const connection = await Floor.open(options, ({ payload, properties, qos }) => {
      const { responseTopic, correlationData } = properties!;
      const reply = JSON.stringify(answer(JSON.parse(payload.toString()) as Reading));
      void connection.publish(responseTopic!, reply, qos, { correlationData });
    });
    await connection.subscribe([requestFilter(group)], options.qos);
  },

  async requester(options) {
    const calls = new PendingCalls();
    const connection = await Floor.open(options, ({ payload, properties }) =>
      calls.settle(properties!.correlationData!, payload),
    );
    const inbox = `bench/inbox/${connection.clientId}`;
    await connection.subscribe([inbox], options.qos);
    return {
      call: (request) =>
        new Promise((resolve) => {
          const properties = { responseTopic: inbox, correlationData: calls.open(resolve) };
          void connection.publish(ECHO, JSON.stringify(request), options.qos, properties);
        }),
    };
  },

  async consume({ filter, clientId, window, ...options }, take) {
    const onPublish = ({ payload }: IPublishPacket): void => take(JSON.parse(payload.toString()) as Reading);
    const connection = await Floor.open(options, onPublish, clientId, window);
    await connection.subscribe([filter], options.qos);
  },

  async emitter(options) {
    const connection = await Floor.open(options);
    return { emit: (topic, event) => connection.publish(topic, JSON.stringify(event), options.qos) };
  },

  async start(options, filters) {
    const connection = await Floor.open(options);
    await connection.subscribe(filters, options.qos);
  },
};

const V5 = { protocolVersion: 5 };
const MAX_ID = 65_535;

class Floor {
  readonly clientId: string;
  private readonly acknowledged = new Map<number, () => void>();
  private lastId = 0;
  private corked = false;

  private constructor(
    private readonly socket: Socket,
    private readonly onPublish: (packet: IPublishPacket) => void,
    clientId: string | undefined,
  ) {
    this.clientId = clientId ?? `floor-${process.pid}-${Math.random().toString(16).slice(2)}`;
    const packets = parser(V5);
    packets.on('packet', (packet) => this.take(packet));
    socket.on('data', (bytes) => packets.parse(bytes));
  }

  static async open(
    { url }: ConnectOptions,
    onPublish: (packet: IPublishPacket) => void = () => {},
    clientId?: string,
    receiveMaximum = 65_535,
  ): Promise<Floor> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const connection = new Floor(socket, onPublish, clientId);
    await once(socket, 'connect');
    const properties = { receiveMaximum, ...(clientId !== undefined && { sessionExpiryInterval: 3_600 }) };
    const accepted = connection.answered(0);
    connection.write({
      cmd: 'connect',
      clientId: connection.clientId,
      clean: clientId === undefined,
      keepalive: 0,
      properties,
      ...CONNECT,
    });
    await accepted;
    return connection;
  }

  publish(topic: string, payload: string, qos: QoS, properties: IPublishPacket['properties'] = {}): Promise<void> {
    const messageId = qos === 0 ? 0 : this.nextId();
    this.write({ cmd: 'publish', topic, payload, qos, messageId, dup: false, retain: false, properties });
    return qos === 0 ? Promise.resolve() : this.answered(messageId);
  }

  subscribe(filters: readonly string[], qos: QoS): Promise<void> {
    const messageId = this.nextId();
    this.write({ cmd: 'subscribe', messageId, subscriptions: filters.map((topic) => ({ topic, qos })) });
    return this.answered(messageId);
  }

  private take(packet: Packet): void {
    if (packet.cmd === 'publish') {
      if (packet.qos === 1) this.write({ cmd: 'puback', messageId: packet.messageId! });
      if (packet.qos === 2) this.write({ cmd: 'pubrec', messageId: packet.messageId! });
      this.onPublish(packet);
    } else if (packet.cmd === 'pubrel') this.write({ cmd: 'pubcomp', messageId: packet.messageId! });
    else if (packet.cmd === 'pubrec') this.write({ cmd: 'pubrel', messageId: packet.messageId! });
    else {
      const id = packet.cmd === 'connack' ? 0 : packet.messageId!;
      this.acknowledged.get(id)!();
      this.acknowledged.delete(id);
    }
  }

  private answered(id: number): Promise<void> {
    return new Promise((resolve) => this.acknowledged.set(id, resolve));
  }

  private nextId(): number {
    this.lastId = (this.lastId % MAX_ID) + 1;
    return this.lastId;
  }

  /** What is written in one turn of the event loop leaves in one piece. */
  private write(packet: Packet): void {
    if (!this.corked) {
      this.corked = true;
      this.socket.cork();
      setImmediate(() => {
        this.corked = false;
        this.socket.uncork();
      });
    }
    writeToStream(packet, this.socket, V5);
  }
}

const CONNECT = { protocolId: 'MQTT', protocolVersion: 5 } as const;
