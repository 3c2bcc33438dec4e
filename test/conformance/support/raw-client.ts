import type { Duplex } from 'node:stream';
import {
  generate,
  parser,
  type IConnackPacket,
  type IConnectPacket,
  type IPublishPacket,
  type Packet,
} from 'mqtt-packet';
import { isFailure } from '../../../lib/protocol/reason-code.js';
import type { MqttBroker } from '../../../lib/testing/index.js';

export type Version = 4 | 5;
export type QoS = 0 | 1 | 2;
type Of<Cmd extends Packet['cmd']> = Extract<Packet, { cmd: Cmd }>;

export interface RawOptions extends Partial<Omit<IConnectPacket, 'cmd' | 'protocolVersion'>> {
  v?: Version | 3;
  /** Whether PUBLISH and PUBREL are answered. Default true. */
  ack?: boolean;
}

export interface SubscribeOptions {
  qos?: QoS;
  nl?: boolean;
  rap?: boolean;
  rh?: number;
  identifier?: number;
}

let clients = 0;

/** An MQTT client that does exactly what it is told, and shows what comes back. */
export class RawClient {
  readonly received: Packet[] = [];
  /** As they came, for what a parser loses. */
  bytes: Buffer = Buffer.alloc(0);
  closed = false;
  connack!: IConnackPacket;
  readonly version: Version | 3;
  private lastId = 0;
  private readonly waiters = new Set<() => void>();

  constructor(
    private readonly stream: Duplex,
    readonly options: RawOptions = {},
  ) {
    this.version = options.v ?? 5;
    const packets = parser({ protocolVersion: this.version });
    packets.on('packet', (packet) => this.receive(packet));
    stream.on('data', (chunk: Buffer) => {
      this.bytes = Buffer.concat([this.bytes, chunk]);
      packets.parse(chunk);
    });
    packets.on('error', () => {}); // of a CONNACK in another version than this client's
    stream.on('error', () => {});
    stream.on('close', () => {
      this.closed = true;
      this.wake();
    });
  }

  /** Connects and expects to be let in. */
  static async connect(broker: MqttBroker, options: RawOptions = {}): Promise<RawClient> {
    const client = RawClient.open(broker, options);
    client.connack = await client.expect('connack');
    return client;
  }

  /** Sends CONNECT and does not wait. */
  static open(broker: MqttBroker, options: RawOptions = {}): RawClient {
    const client = new RawClient(broker.stream(), options);
    client.sendConnect();
    return client;
  }

  get clientId(): string {
    return this.options.clientId ?? '';
  }

  sendConnect(): void {
    const { v, ack, ...connect } = this.options;
    const clientId = connect.clientId ?? `raw-${++clients}`;
    this.options.clientId = clientId;
    const protocolId = this.version === 3 ? 'MQIsdp' : 'MQTT';
    this.send({ cmd: 'connect', protocolId, clean: true, ...connect, clientId, protocolVersion: this.version });
  }

  send(packet: Packet | Buffer): void {
    this.stream.write(Buffer.isBuffer(packet) ? packet : generate(packet, { protocolVersion: this.version }));
  }

  /** The first packet of this type, from now or from before, that `accept` takes. */
  async expect<Cmd extends Packet['cmd']>(
    cmd: Cmd,
    accept: (packet: Of<Cmd>) => boolean = () => true,
  ): Promise<Of<Cmd>> {
    const find = () => this.received.find((packet) => packet.cmd === cmd && accept(packet as Of<Cmd>));
    await this.until(() => find() !== undefined || this.closed);
    const packet = find();
    if (!packet) throw new Error(`The connection ended before a ${cmd} came; got ${this.seen()}`);
    return packet as Of<Cmd>;
  }

  async end(): Promise<void> {
    await this.until(() => this.closed);
  }

  /** Reason Code of the DISCONNECT that ends the connection; undefined when it ends without one. */
  async disconnected(): Promise<number | undefined> {
    await this.end();
    return this.received.find((packet) => packet.cmd === 'disconnect')?.reasonCode;
  }

  publishes(topic?: string): IPublishPacket[] {
    const found = this.received.filter((packet) => packet.cmd === 'publish');
    return topic === undefined ? found : found.filter((packet) => packet.topic === topic);
  }

  payloads(topic?: string): string[] {
    return this.publishes(topic).map(({ payload }) => payload.toString());
  }

  /** Waits for as many PUBLISH packets, then makes sure that no more were on their way. */
  async take(count: number): Promise<IPublishPacket[]> {
    await this.until(() => this.publishes().length >= count || this.closed);
    if (!this.closed) await this.ping();
    return this.publishes();
  }

  /** Everything that the broker had sent before has arrived when this resolves. */
  async ping(): Promise<void> {
    const before = this.count('pingresp');
    this.send({ cmd: 'pingreq' });
    await this.until(() => this.count('pingresp') > before || this.closed);
  }

  async subscribe(filter: string | string[], options: SubscribeOptions = {}): Promise<number[]> {
    const messageId = this.nextId();
    const { qos = 0, nl = false, rap = false, rh = 0, identifier } = options;
    const subscriptions = [filter].flat().map((topic) => ({ topic, qos, nl, rap, rh }));
    const properties = identifier === undefined ? {} : { subscriptionIdentifier: identifier };
    this.send({ cmd: 'subscribe', messageId, subscriptions, properties });
    return (await this.expect('suback', (packet) => packet.messageId === messageId)).granted as number[];
  }

  async unsubscribe(filter: string): Promise<number[]> {
    const messageId = this.nextId();
    this.send({ cmd: 'unsubscribe', messageId, unsubscriptions: [filter] });
    return (await this.expect('unsuback', (packet) => packet.messageId === messageId)).granted;
  }

  /** Publishes and waits for the end of the exchange (QoS 0: until the broker has read it); gives the last Reason Code. */
  async publish(topic: string, payload = '', options: Partial<IPublishPacket> = {}): Promise<number> {
    const packet = this.sendPublish(topic, payload, options);
    const isAnswer = ({ messageId }: { messageId?: number | undefined }) => messageId === packet.messageId;
    if (packet.qos === 0) await this.ping();
    if (packet.qos === 1) return (await this.expect('puback', isAnswer)).reasonCode ?? 0;
    if (packet.qos === 2) {
      const ended = () =>
        this.received.find(
          (p) => isAnswer(p) && (p.cmd === 'pubcomp' || (p.cmd === 'pubrec' && isFailure(p.reasonCode))),
        );
      await this.until(() => ended() !== undefined || this.closed);
      return (ended() as Of<'pubcomp'> | undefined)?.reasonCode ?? 0;
    }
    return 0;
  }

  sendPublish(topic: string, payload = '', options: Partial<IPublishPacket> = {}): IPublishPacket {
    const { qos = 0 } = options;
    const messageId = qos > 0 ? this.nextId() : undefined;
    const packet: IPublishPacket = {
      cmd: 'publish',
      topic,
      payload,
      retain: false,
      dup: false,
      messageId,
      ...options,
      qos,
    };
    this.send(packet);
    return packet;
  }

  /** DISCONNECT, and waits until the broker has closed. */
  async disconnect(reasonCode = 0, properties: Of<'disconnect'>['properties'] = {}): Promise<void> {
    this.send({ cmd: 'disconnect', reasonCode, properties });
    await this.end();
  }

  /** Closes the stream without DISCONNECT, after what was sent. */
  hangUp(): void {
    this.stream.end();
  }

  /** Breaks the connection, and waits until the broker has noticed. */
  async drop(broker: MqttBroker): Promise<void> {
    const noticed = broker.waitFor('disconnect', ({ clientId }) => clientId === this.clientId);
    this.stream.destroy();
    await noticed;
  }

  private receive(packet: Packet): void {
    this.received.push(packet);
    if (this.options.ack ?? true) this.answer(packet);
    this.wake();
  }

  private answer(packet: Packet): void {
    const { cmd, messageId } = packet;
    if (cmd === 'publish' && packet.qos === 1) this.send({ cmd: 'puback', messageId, reasonCode: 0 });
    if (cmd === 'publish' && packet.qos === 2) this.send({ cmd: 'pubrec', messageId, reasonCode: 0 });
    if (cmd === 'pubrec' && !isFailure(packet.reasonCode)) this.send({ cmd: 'pubrel', messageId, reasonCode: 0 });
    if (cmd === 'pubrel') this.send({ cmd: 'pubcomp', messageId, reasonCode: 0 });
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.waiters.add(resolve);
      });
    }
  }

  private wake(): void {
    for (const waiter of this.waiters) waiter();
    this.waiters.clear();
  }

  private count(cmd: Packet['cmd']): number {
    return this.received.filter((packet) => packet.cmd === cmd).length;
  }

  private nextId(): number {
    return ++this.lastId;
  }

  private seen(): string {
    return this.received.map(({ cmd }) => cmd).join(', ') || 'nothing';
  }
}

/** Persistent session options of either version. */
export function persistent(v: Version, clientId: string, expiry = 60): RawOptions {
  return { v, clientId, clean: false, ...(v === 5 ? { properties: { sessionExpiryInterval: expiry } } : {}) };
}
