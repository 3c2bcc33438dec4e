import type { Duplex } from 'node:stream';
import type { Packet } from 'mqtt-packet';
import { ReasonCode } from '../../protocol/reason-code.js';
import type { BrokerEmitter, Direction, DisconnectEvent } from '../broker-events.js';
import type { ResolvedBrokerOptions } from '../broker-options.js';
import { ByteStream } from './byte-stream.js';
import { connectReturnCode } from '../packets/connect-return-code.js';
import { InboundFlow } from '../sessions/inbound-flow.js';
import type { Delivery, Link } from '../sessions/outbound-flow.js';
import type { FaultTarget, PacketRules, WirePacket } from '../faults/packet-rules.js';
import { PacketReader } from '../packets/packet-reader.js';
import { PacketWriter } from '../packets/packet-writer.js';
import { ProtocolViolation } from '../packets/protocol-violation.js';
import { publishPacket } from '../packets/publish-packet.js';
import type { Session } from '../sessions/session.js';
import { TaskQueue, throwLater } from './task-queue.js';
import { TimerSet } from '../timers.js';
import type { Will } from '../sessions/wills.js';

export type ConnectionEnd = Pick<DisconnectEvent, 'by' | 'reasonCode'>;

/** The broker, as used by a connection. */
export interface ConnectionHost {
  readonly options: ResolvedBrokerOptions;
  readonly events: BrokerEmitter;
  readonly rules: PacketRules;
  handle(connection: Connection, packet: Packet): void | Promise<void>;
  ended(connection: Connection, end: ConnectionEnd): void;
}

/** One Network Connection: reads and writes packets. The handlers process them. */
export class Connection implements Link, FaultTarget {
  readonly bytes: ByteStream;
  readonly writer = new PacketWriter();
  /** Set by the CONNECT. */
  clientId: string | undefined;
  /** Set when the CONNECT was accepted. */
  session: Session | undefined;
  will: Will | undefined;
  /** Protocol version of the client. */
  receiveMaximum = 0xffff;
  private readonly reader: PacketReader;
  private readonly inbound: InboundFlow;
  private readonly inbox = new TaskQueue((error) => this.failed(error));
  private readonly timers = new TimerSet();
  private watchdog: NodeJS.Timeout | undefined;
  private introduced = false;
  private ended = false;
  private muted = false;

  constructor(
    stream: Duplex,
    private readonly host: ConnectionHost,
  ) {
    this.bytes = new ByteStream(stream);
    this.reader = new PacketReader(host.options.maximumPacketSize);
    this.inbound = new InboundFlow(host.options);
    this.watch(host.options.connectTimeoutMs, () => this.cut());
    const lost = () => this.inbox.push(() => this.end({ by: 'network', reasonCode: undefined }));
    this.bytes.open((chunk) => this.read(chunk), lost);
  }

  get isOpen(): boolean {
    return !this.ended;
  }

  get protocolVersion(): 3 | 4 | 5 {
    return this.writer.protocolVersion;
  }

  /** [MQTT-3.1.2-22]: closes after one and a half times the Keep Alive without a packet; 0 disables it. */
  keepAlive(seconds: number): void {
    clearTimeout(this.watchdog);
    if (seconds > 0) this.watch(seconds * 1500, () => this.disconnect(ReasonCode.KEEP_ALIVE_TIMEOUT));
  }

  send(packet: Packet): void {
    this.host.rules.apply(this.onWire('out', packet), (forwarded) => this.write(forwarded));
  }

  deliver(delivery: Delivery, messageId: number | undefined, dup: boolean): boolean {
    const packet = publishPacket(delivery, messageId, dup);
    if (!this.writer.fits(packet)) return false;
    this.send(packet);
    return true;
  }

  /** Answers the CONNECT with a refusal, and ends. */
  refuse(reasonCode: number): void {
    const returnCode = connectReturnCode(reasonCode);
    // 3.1.1 [MQTT-3.2.2-6]: without a corresponding return code no CONNACK is sent
    if (this.protocolVersion === 5 || returnCode !== undefined) {
      const properties = { serverReference: this.serverReference(reasonCode) };
      this.send({ cmd: 'connack', sessionPresent: false, reasonCode, returnCode, properties });
    }
    this.cut({ flush: true });
  }

  /** Closes the connection, with a DISCONNECT on 5.0. */
  disconnect(reasonCode: number, reasonString?: string): void {
    if (this.ended) return;
    this.muted = false;
    const properties = { reasonString, serverReference: this.serverReference(reasonCode) };
    if (this.session) this.send({ cmd: 'disconnect', reasonCode, properties }); // [MQTT-3.14.0-1]: after a CONNACK only
    this.end({ by: 'broker', reasonCode });
    this.bytes.close({ flush: true });
  }

  /** Closes the connection after the client's DISCONNECT. */
  leave(reasonCode: number): void {
    this.end({ by: 'client', reasonCode });
    this.bytes.close({ flush: true });
  }

  cut({ flush = false } = {}): void {
    this.end({ by: 'network', reasonCode: undefined });
    this.bytes.close({ flush });
  }

  mute(): void {
    this.muted = true;
  }

  enqueue(task: () => void): void {
    this.inbox.push(task);
  }

  after(ms: number, task: () => void): void {
    if (!this.ended) this.timers.after(ms, task);
  }

  private read(chunk: Buffer): void {
    if (this.ended) return;
    try {
      for (const packet of this.reader.read(chunk)) {
        this.receive(packet);
        if (this.ended) return;
      }
    } catch (error) {
      this.failed(error);
    }
  }

  private receive(received: Packet): void {
    if (received.cmd === 'connect' && !this.introduced) {
      this.introduced = true;
      this.clientId = received.clientId || undefined;
      this.writer.protocolVersion = received.protocolVersion ?? this.protocolVersion;
    }
    const fromV5 = received.cmd === 'publish' && this.protocolVersion === 5;
    const packet = fromV5 ? this.inbound.received(received) : received;
    this.watchdog?.refresh();
    this.host.events.emit('packet', { direction: 'in', clientId: this.clientId, packet });
    this.host.rules.apply(this.onWire('in', packet), (forwarded) =>
      this.inbox.push(() => this.host.handle(this, forwarded)),
    );
  }

  private write(packet: Packet): void {
    if (this.ended || this.muted || this.bytes.isClosed) return;
    const bytes = this.writer.write(packet);
    if (!bytes) return;
    this.inbound.sent(packet);
    this.bytes.write(bytes);
    this.host.events.emit('packet', { direction: 'out', clientId: this.clientId, packet });
    if (packet.cmd === 'publish') this.host.events.emit('deliver', { clientId: this.clientId!, packet });
  }

  private onWire(direction: Direction, packet: Packet): WirePacket {
    return { direction, packet, clientId: this.clientId, connection: this };
  }

  private failed(error: unknown): void {
    if (!(error instanceof ProtocolViolation)) {
      throwLater(error); // a bug of this broker or of a listener: it must not be hidden
      return this.disconnect(ReasonCode.UNSPECIFIED_ERROR);
    }
    const { reasonCode, message } = error;
    const answersConnect = reasonCode === ReasonCode.UNSUPPORTED_PROTOCOL_VERSION && !this.introduced;
    if (answersConnect) this.refuse(reasonCode);
    else this.disconnect(reasonCode, message);
  }

  private end(end: ConnectionEnd): void {
    if (this.ended) return;
    this.ended = true;
    this.inbox.stop();
    clearTimeout(this.watchdog);
    this.timers.clear();
    this.host.ended(this, end);
  }

  /** Runs an action when no packet has arrived for some time; not while frozen. */
  private watch(ms: number, act: () => void): void {
    const watchdog = setTimeout(() => (this.bytes.isFrozen ? watchdog.refresh() : act()), ms);
    this.watchdog = watchdog.unref();
  }

  private serverReference(reasonCode: number): string | undefined {
    const elsewhere = reasonCode === ReasonCode.USE_ANOTHER_SERVER || reasonCode === ReasonCode.SERVER_MOVED;
    return elsewhere ? this.host.options.serverReference : undefined;
  }
}
