import type { Duplex } from 'node:stream';
import type { Packet } from 'mqtt-packet';
import { ReasonCode } from '../protocol/reason-code.js';
import type { BrokerEmitter, DisconnectEvent } from './broker-events.js';
import type { ResolvedBrokerOptions } from './broker-options.js';
import { connectReturnCode } from './connect-return-code.js';
import { InboundFlow } from './inbound-flow.js';
import type { FaultTarget, PacketRules } from './packet-rules.js';
import { PacketReader } from './packet-reader.js';
import { PacketWriter } from './packet-writer.js';
import { ProtocolViolation } from './protocol-violation.js';
import { publishPacket } from './publish-packet.js';
import type { Delivery, Link, Session } from './session.js';
import { TaskQueue } from './task-queue.js';
import type { Will } from './wills.js';

export type ConnectionEnd = Pick<DisconnectEvent, 'by' | 'reasonCode'>;

/** What a connection needs of the broker. */
export interface ConnectionHost {
  readonly options: ResolvedBrokerOptions;
  readonly events: BrokerEmitter;
  readonly rules: PacketRules;
  handle(connection: Connection, packet: Packet): void | Promise<void>;
  ended(connection: Connection, end: ConnectionEnd): void;
}

/** How long a client may take to read the last packet and close, in milliseconds. */
const LINGER_MS = 100;

/** One Network Connection: packets in, packets out, and its end. What packets mean is the handlers' business. */
export class Connection implements Link, FaultTarget {
  readonly writer = new PacketWriter();
  /** Known from the CONNECT on. */
  clientId: string | undefined;
  /** Set when the CONNECT was accepted. */
  session: Session | undefined;
  will: Will | undefined;
  /** The client's. */
  receiveMaximum = 0xffff;
  /** Resolves when the stream is closed. */
  readonly closed: Promise<void>;
  private readonly reader: PacketReader;
  private readonly inbound: InboundFlow;
  private readonly inbox = new TaskQueue((error) => this.failed(error));
  private readonly timers = new Set<NodeJS.Timeout>();
  private watchdog: NodeJS.Timeout | undefined;
  private ended = false;
  private muted = false;
  /** What a frozen connection would have written. */
  private held: Buffer[] | undefined;

  constructor(
    private readonly stream: Duplex,
    private readonly host: ConnectionHost,
  ) {
    this.reader = new PacketReader(host.options.maximumPacketSize);
    this.inbound = new InboundFlow(host.options);
    this.closed = new Promise((resolve) => stream.once('close', resolve));
    stream.on('error', () => {}); // 'close' follows
    stream.on('close', () => this.inbox.push(() => this.end({ by: 'network', reasonCode: undefined })));
    stream.on('data', (chunk: Buffer) => this.read(chunk));
    this.watch(host.options.connectTimeoutMs, () => this.cut());
  }

  get isOpen(): boolean {
    return !this.ended;
  }

  get protocolVersion(): 3 | 4 | 5 {
    return this.writer.protocolVersion;
  }

  /** [MQTT-3.1.2-22]: one and a half times the Keep Alive without a packet is too long; 0 is never. */
  keepAlive(seconds: number): void {
    clearTimeout(this.watchdog);
    this.watchdog = undefined;
    if (seconds > 0) this.watch(seconds * 1500, () => this.disconnect(ReasonCode.KEEP_ALIVE_TIMEOUT));
  }

  send(packet: Packet): void {
    this.host.rules.apply(this.wire('out', packet), (forwarded) => this.write(forwarded));
  }

  deliver(delivery: Delivery, messageId: number | undefined, dup: boolean): boolean {
    const packet = publishPacket(delivery, messageId, dup);
    if (!this.writer.fits(packet)) return false;
    this.send(packet);
    return true;
  }

  /** Answers the CONNECT with a refusal, and ends. */
  refuse(reasonCode: number, reasonString?: string): void {
    const returnCode = connectReturnCode(reasonCode);
    const properties = { reasonString, serverReference: this.serverReference(reasonCode) };
    // 3.1.1 [MQTT-3.2.2-6]: without a fitting return code there is no CONNACK
    if (this.protocolVersion === 5 || returnCode !== undefined) {
      this.send({ cmd: 'connack', sessionPresent: false, reasonCode, returnCode, properties });
    }
    this.cut({ flush: true });
  }

  /** Ends it from this side: with a DISCONNECT where there is one. */
  disconnect(reasonCode: number, reasonString?: string): void {
    if (this.ended) return;
    this.muted = false;
    const properties = { reasonString, serverReference: this.serverReference(reasonCode) };
    if (this.session) this.send({ cmd: 'disconnect', reasonCode, properties }); // [MQTT-3.14.0-1]: never before the CONNACK
    this.end({ by: 'broker', reasonCode });
    this.close(true);
  }

  /** Ends it after the client's DISCONNECT. */
  leave(reasonCode: number): void {
    this.end({ by: 'client', reasonCode });
    this.close(true);
  }

  cut({ flush = false } = {}): void {
    this.end({ by: 'network', reasonCode: undefined });
    this.close(flush);
  }

  mute(): void {
    this.muted = true;
  }

  enqueue(task: () => void): void {
    this.inbox.push(task);
  }

  after(ms: number, task: () => void): void {
    if (this.ended) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      task();
    }, ms);
    this.timers.add(timer);
  }

  /** Stops reading and writing, as if the network were gone. */
  freeze(): void {
    this.held ??= [];
    this.stream.pause();
  }

  thaw(): void {
    const held = this.held ?? [];
    this.held = undefined;
    for (const bytes of held) this.stream.write(bytes);
    this.stream.resume();
  }

  private read(chunk: Buffer): void {
    try {
      for (const packet of this.reader.read(chunk)) {
        if (this.ended) return;
        this.receive(packet);
      }
    } catch (error) {
      this.failed(error);
    }
  }

  private receive(received: Packet): void {
    if (received.cmd === 'connect' && this.session === undefined) {
      this.clientId ??= received.clientId || undefined;
      this.writer.protocolVersion = received.protocolVersion ?? this.protocolVersion;
    }
    const fromV5 = received.cmd === 'publish' && this.protocolVersion === 5;
    const packet = fromV5 ? this.inbound.received(received) : received;
    this.watchdog?.refresh();
    const wire = this.wire('in', packet);
    this.host.events.emit('packet', { direction: 'in', clientId: wire.clientId, packet });
    this.host.rules.apply(wire, (forwarded) => this.inbox.push(() => this.host.handle(this, forwarded)));
  }

  private write(packet: Packet): void {
    if (this.ended || this.muted || this.stream.destroyed) return;
    const bytes = this.writer.write(packet);
    if (!bytes) return;
    this.inbound.sent(packet);
    if (this.held) this.held.push(bytes);
    else this.stream.write(bytes);
    this.host.events.emit('packet', { direction: 'out', clientId: this.clientId, packet });
    if (packet.cmd === 'publish') this.host.events.emit('deliver', { clientId: this.clientId!, packet });
  }

  private wire(direction: 'in' | 'out', packet: Packet) {
    return { direction, packet, clientId: this.clientId, connection: this };
  }

  private failed(error: unknown): void {
    const violation = error instanceof ProtocolViolation;
    if (!violation)
      setImmediate(() => {
        throw error;
      }); // a fault of this broker or of a listener: never to be swallowed
    const reasonCode = violation ? error.reasonCode : ReasonCode.UNSPECIFIED_ERROR;
    if (reasonCode === ReasonCode.UNSUPPORTED_PROTOCOL_VERSION && !this.session) return this.refuse(reasonCode);
    this.disconnect(reasonCode, violation ? error.message : undefined);
  }

  private end(end: ConnectionEnd): void {
    if (this.ended) return;
    this.ended = true;
    this.inbox.stop();
    clearTimeout(this.watchdog);
    for (const timer of this.timers) clearTimeout(timer);
    this.host.ended(this, end);
  }

  private close(flush: boolean): void {
    if (!flush || this.held) return void this.stream.destroy();
    this.stream.resume(); // unread bytes would turn the close into a reset, and the client would miss the last packet
    this.stream.end();
    const linger = setTimeout(() => this.stream.destroy(), LINGER_MS);
    this.stream.once('close', () => clearTimeout(linger));
  }

  private watch(ms: number, expired: () => void): void {
    const watchdog = setTimeout(() => (this.held ? watchdog.refresh() : expired()), ms);
    this.watchdog = watchdog.unref();
  }

  private serverReference(reasonCode: number): string | undefined {
    const moved = reasonCode === ReasonCode.USE_ANOTHER_SERVER || reasonCode === ReasonCode.SERVER_MOVED;
    return moved ? this.host.options.serverReference : undefined;
  }
}
