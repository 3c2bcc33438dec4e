import type { IPubackPacket, IPubcompPacket, IPubrecPacket, Packet } from 'mqtt-packet';
import type { QoS } from '../../protocol/application-message.js';
import { isFailure, ReasonCode } from '../../protocol/reason-code.js';
import type { BrokerEmitter, DropMessageEvent } from '../broker-events.js';
import { isExpired, type BrokerMessage } from '../broker-message.js';
import type { ResolvedBrokerOptions } from '../broker-options.js';
import { ProtocolViolation } from '../packets/protocol-violation.js';

/** An Application Message for one session. */
export interface Delivery {
  readonly message: BrokerMessage;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly identifiers: readonly number[];
  /** The Shared Subscription of the delivery. */
  readonly share?: string | undefined;
}

/** The present connection of a session. */
export interface Link {
  /** The client's Receive Maximum. */
  readonly receiveMaximum: number;
  /** False when the PUBLISH exceeds the client's Maximum Packet Size, and was not sent. */
  deliver(delivery: Delivery, messageId: number | undefined, dup: boolean): boolean;
  send(packet: Packet): void;
  disconnect(reasonCode: number): void;
  /** Closes the connection without DISCONNECT. */
  cut(): void;
}

interface InFlight {
  readonly delivery: Delivery;
  /** The packet that the client must answer: PUBLISH with PUBACK or PUBREC, PUBREL with PUBCOMP. */
  awaits: 'publish' | 'pubrel';
}

type Acknowledgement = IPubackPacket | IPubrecPacket | IPubcompPacket;

const MAX_PACKET_IDENTIFIER = 0xffff;

/** QoS 1 and 2 messages to one client: queued, sent within the client's Receive Maximum, and kept until they are acknowledged. */
export class OutboundFlow {
  private current: Link | undefined;
  private queue: Delivery[] = [];
  private readonly unacknowledged = new Map<number, InFlight>();
  /** Unacknowledged messages of an earlier connection, to be sent again. */
  private unsent: number[] = [];
  /** Send quota: PUBLISH packets that may be sent (section 4.9). */
  private quota = 0;
  private lastId = 0;

  constructor(
    private readonly clientId: string,
    private readonly events: BrokerEmitter,
    private readonly options: Pick<ResolvedBrokerOptions, 'maximumQueuedMessages' | 'keepsQuotaAfterRefusal'>,
  ) {}

  get link(): Link | undefined {
    return this.current;
  }

  get queued(): number {
    return this.queue.length;
  }

  get inFlight(): number {
    return this.unacknowledged.size;
  }

  /** Whether a QoS 1 or 2 message would be sent at once. */
  get hasRoom(): boolean {
    return this.current !== undefined && this.queue.length === 0 && this.quota > 0;
  }

  attach(link: Link): void {
    this.current = link;
    this.quota = link.receiveMaximum;
    const unreceived = [...this.unacknowledged].filter(([, { awaits }]) => awaits === 'publish');
    this.unsent = unreceived.map(([messageId]) => messageId);
  }

  /** A new connection: sends unacknowledged messages again [MQTT-4.4.0-1], in order [MQTT-4.6.0-1], then the queue. */
  resume(): void {
    for (const [messageId, { awaits }] of this.unacknowledged) {
      if (awaits === 'pubrel') this.release(messageId, ReasonCode.SUCCESS);
    }
    this.pump();
  }

  detach(): void {
    this.current = undefined;
  }

  deliver(delivery: Delivery): void {
    if (delivery.qos === 0) {
      if (this.current && !this.current.deliver(delivery, undefined, false)) this.drop(delivery, 'packet-too-large');
    } else if (this.queue.length >= this.options.maximumQueuedMessages && !this.hasRoom) {
      this.drop(delivery, 'queue-full');
    } else {
      this.queue.push(delivery);
      this.pump();
    }
  }

  /** @throws ProtocolViolation when the packet is not the expected answer */
  acknowledge(packet: Acknowledgement): void {
    const messageId = packet.messageId!;
    const entry = this.unacknowledged.get(messageId);
    if (!entry) {
      if (packet.cmd === 'pubrec') this.release(messageId, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND);
      return;
    }
    const { delivery, awaits } = entry;
    const expected = awaits === 'pubrel' ? 'pubcomp' : delivery.qos === 1 ? 'puback' : 'pubrec';
    if (packet.cmd === 'pubrec' && awaits === 'pubrel') return this.release(messageId, ReasonCode.SUCCESS);
    if (packet.cmd !== expected) {
      throw new ProtocolViolation(ReasonCode.PROTOCOL_ERROR, `A ${packet.cmd} arrived, but a ${expected} was expected`);
    }
    const reasonCode = packet.reasonCode ?? ReasonCode.SUCCESS;
    if (packet.cmd === 'pubrec' && !isFailure(reasonCode)) {
      entry.awaits = 'pubrel';
      this.tell(packet, delivery.message);
      return this.release(messageId, ReasonCode.SUCCESS);
    }
    this.unacknowledged.delete(messageId);
    const kept = packet.cmd === 'pubrec' && this.options.keepsQuotaAfterRefusal;
    if (!kept) this.quota = Math.min(this.quota + 1, this.current?.receiveMaximum ?? 0);
    this.tell(packet, delivery.message);
    this.pump();
  }

  /** Removes unsent messages of Shared Subscriptions from the queue. */
  takeQueuedShared(movable: (share: string) => boolean): Delivery[] {
    const taken = this.queue.filter(({ share }) => share !== undefined && movable(share));
    if (taken.length > 0) this.queue = this.queue.filter((delivery) => !taken.includes(delivery));
    return taken;
  }

  /** All messages that the client did not receive, in order; sent QoS 2 messages must not go to other members [MQTT-4.8.2-5]. */
  takeUndelivered(): Delivery[] {
    const started = [...this.unacknowledged.values()].filter(({ delivery }) => delivery.qos === 1);
    const undelivered = [...started.map(({ delivery }) => delivery), ...this.queue];
    this.unacknowledged.clear();
    this.queue = [];
    return undelivered;
  }

  drop({ message }: Delivery, reason: DropMessageEvent['reason']): void {
    this.events.emit('drop-message', { clientId: this.clientId, message, reason });
  }

  private pump(): void {
    while (this.current && this.quota > 0 && this.unsent.length > 0) {
      const messageId = this.unsent.shift()!;
      const delivery = this.unacknowledged.get(messageId)?.delivery;
      if (delivery) this.transmit(this.current, delivery, messageId, true);
    }
    while (this.current && this.quota > 0 && this.queue.length > 0 && this.inFlight < MAX_PACKET_IDENTIFIER) {
      const delivery = this.queue.shift()!;
      if (isExpired(delivery.message))
        this.drop(delivery, 'expired'); // [MQTT-3.3.2-5]
      else this.transmit(this.current, delivery, this.nextPacketIdentifier(), false);
    }
  }

  private transmit(link: Link, delivery: Delivery, messageId: number, dup: boolean): void {
    this.unacknowledged.set(messageId, { delivery, awaits: 'publish' });
    this.quota--;
    if (link.deliver(delivery, messageId, dup)) return;
    // [MQTT-3.1.2-25]: discarded as if it had been delivered
    this.unacknowledged.delete(messageId);
    this.quota++;
    this.drop(delivery, 'packet-too-large');
  }

  private release(messageId: number, reasonCode: number): void {
    this.current?.send({ cmd: 'pubrel', messageId, reasonCode });
  }

  private nextPacketIdentifier(): number {
    do {
      this.lastId = (this.lastId % MAX_PACKET_IDENTIFIER) + 1;
    } while (this.unacknowledged.has(this.lastId)); // [MQTT-2.2.1-4]
    return this.lastId;
  }

  private tell({ cmd, messageId, reasonCode = ReasonCode.SUCCESS }: Acknowledgement, message: BrokerMessage): void {
    this.events.emit('acknowledge', { clientId: this.clientId, cmd, message, messageId: messageId!, reasonCode });
  }
}
