import type { Logger } from '@nestjs/common';
import type { PublishPacket, QoS } from '../../protocol/application-message.js';
import type { Decision, Rejection } from '../../protocol/delivery.js';
import type { Connection } from '../connection/connection.js';
import { PUBACK, PUBCOMP, PUBREC, type Writer } from '../outbound/writer.js';
import { AcknowledgementLine } from './acknowledgement-line.js';
import { InboundMessage, type AcknowledgementKeeper } from './inbound-message.js';

export type InboundMessageHandler = (message: InboundMessage) => void;

interface InboundParts {
  readonly onMessage: InboundMessageHandler;
  readonly logger: Logger;
  /** QoS levels at which the acknowledgement of a rejected message has its reason code (5.0). Default: none. */
  readonly refusable?: readonly QoS[];
  /**
   * Called for every withheld message: it counts towards Receive Maximum until the session is resumed.
   *
   * @param withheld number of messages withheld on the present connection, including this one
   * @param again whether redelivery is requested
   */
  readonly onWithheld?: ((withheld: number, again: boolean) => void) | undefined;
}

type AckedQoS = 1 | 2;

/**
 * Messages from the broker. Each is passed on at once, and its acknowledgement waits for a decision, without blocking other packets.
 * Acknowledgements are written in order of arrival [MQTT-4.6.0-2], and only on the connection on which the message arrived.
 *
 * @internal
 */
export class InboundMessages implements AcknowledgementKeeper {
  private readonly lines: Readonly<Record<AckedQoS, AcknowledgementLine<InboundMessage>>>;
  /** By Packet Identifier: messages whose acknowledgement has not been written, of all connections. */
  private readonly pending = new Map<number, InboundMessage>();
  /** By Packet Identifier: QoS 2 messages whose PUBREC is written and whose PUBREL has not arrived. */
  private readonly received = new Map<number, InboundMessage>();
  /** Packet Identifiers that the broker uses on the present connection: their number counts towards our Receive Maximum (section 3.1.2.11.3). */
  private readonly inUse = new Set<number>();
  /** Whether the broker has exceeded it. */
  private exceeded = false;
  private accepting = true;
  /** Messages withheld on the present connection. */
  private withheld = 0;
  private drained: (() => void) | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly parts: InboundParts,
  ) {
    const release = (message: InboundMessage, decision: Decision): void => this.release(message, decision);
    this.lines = { 1: new AcknowledgementLine(release), 2: new AcknowledgementLine(release) };
    connection.on('session', ({ sessionPresent }) => this.beginSession(sessionPresent));
    connection.on('lost', () => this.drained?.());
  }

  /** Number of messages that are not settled. */
  get undecidedCount(): number {
    let count = 0;
    for (const { decision } of this.pending.values()) if (!decision) count++;
    return count;
  }

  /** Messages withheld on the present connection. */
  get withheldCount(): number {
    return this.withheld;
  }

  /** Our Receive Maximum and how much of it the broker uses; undefined on 3.1.1, without a Receive Maximum, and without a connection. */
  get window(): { size: number; used: number } | undefined {
    const { connected, receiveMaximum: size } = this.connection;
    return connected && size !== Infinity ? { size, used: this.inUse.size } : undefined;
  }

  /** Time of arrival of the oldest unsettled message, in milliseconds since the epoch. */
  get oldestUndecided(): number | undefined {
    for (const { arrivedAt, decision } of this.pending.values()) if (!decision) return arrivedAt;
    return undefined;
  }

  /** Accepts no further messages: they are not acknowledged, and stay with the broker. */
  stopAccepting(): void {
    this.accepting = false;
  }

  /** Gives up on unsettled messages: they stay with the broker, and no longer block later acknowledgements. */
  giveUpUndecided(): void {
    this.lines[1].skipUndecided();
    this.lines[2].skipUndecided();
  }

  /** Resolves when the broker has completed every QoS 2 exchange (PUBREL), or the connection has ended. */
  completed(): Promise<void> {
    if (this.received.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.drained = resolve));
  }

  /** A PUBLISH has arrived. */
  receive(packet: PublishPacket, writer: Writer): void {
    if (packet.qos === 0) {
      if (this.accepting) this.hand(new InboundMessage(packet, writer, this));
    } else this.receiveAcknowledged(packet, packet.qos, writer);
  }

  /** A PUBREL has arrived: the broker releases a QoS 2 message [MQTT-4.3.3-11]. One with an unknown identifier is answered too. */
  released(identifier: number, writer: Writer): void {
    this.inUse.delete(identifier);
    if (writer.usable) writer.acknowledge(PUBCOMP, identifier);
    this.forget(identifier);
  }

  /** @internal called by the message itself, once */
  decided(message: InboundMessage, decision: Decision): void {
    if (decision.kind === 'nack' && this.pending.get(message.identifier) === message) {
      this.pending.delete(message.identifier); // its handler runs when it is delivered again
      this.parts.onWithheld?.(++this.withheld, decision.again);
    }
    if (message.writer === this.connection.writer) this.lines[message.qos as AckedQoS].flush();
  }

  private beginSession(sessionPresent: boolean): void {
    this.lines[1].clear();
    this.lines[2].clear();
    this.inUse.clear();
    this.withheld = 0;
    if (sessionPresent) return; // pending messages may be delivered again, and are then adopted
    this.pending.clear();
    this.received.clear();
    this.drained?.();
  }

  /** The exchange of a QoS 2 message is over. */
  private forget(identifier: number): void {
    const message = this.received.get(identifier);
    if (message && this.pending.get(identifier) === message) this.pending.delete(identifier); // its PUBREC is no longer needed
    this.received.delete(identifier);
    if (this.received.size === 0) this.drained?.();
  }

  private receiveAcknowledged(packet: PublishPacket, qos: AckedQoS, writer: Writer): void {
    const identifier = packet.messageId!;
    this.use(identifier);
    const received = this.received.get(identifier);
    if (qos === 2 && received?.hasContentOf(packet)) {
      this.receiveAgain(received, writer);
      return;
    }
    this.forget(identifier); // a broker that was killed may have lost the use of the identifier, and use it again
    const known = this.pending.get(identifier);
    if (known?.isRedeliveredBy(packet, writer)) {
      if (known.writer === writer) return; // a duplicate on one connection
      known.writer = writer; // adopted: its handler has run or is running, and does not run again
      this.lines[qos].push(known);
      this.lines[qos].flush();
      return;
    }
    if (!this.accepting) return;
    const message = new InboundMessage(packet, writer, this);
    this.pending.set(identifier, message);
    this.lines[qos].push(message);
    this.hand(message);
  }

  /** The broker has not seen our PUBREC [MQTT-4.3.3-10]: it is written again, when its turn comes [MQTT-4.6.0-3]. */
  private receiveAgain(message: InboundMessage, writer: Writer): void {
    const { identifier } = message;
    if (this.pending.get(identifier) === message && message.writer === writer) return; // it will be written in its turn
    message.writer = writer;
    this.pending.set(identifier, message);
    this.lines[2].push(message);
    this.lines[2].flush();
  }

  /**
   * Mosquitto 2.0 exceeds the Receive Maximum in normal use. Closing the connection for it (0x93), as section 3.3.4 allows, would repeat
   * for ever. The number of identifiers is limited to 65,535, and that of running handlers by `maxConcurrency`.
   */
  private use(identifier: number): void {
    this.inUse.add(identifier);
    const { receiveMaximum, broker } = this.connection;
    if (this.inUse.size <= receiveMaximum || this.exceeded) return;
    this.exceeded = true;
    this.parts.logger.warn(
      `${broker} has sent more than ${receiveMaximum} unacknowledged QoS 1 and 2 messages, and so exceeds the Receive Maximum [MQTT-3.3.4-9]. They are handled anyway.`,
    );
  }

  /** An error here is a bug of this transport, and must not end the connection. */
  private hand(message: InboundMessage): void {
    try {
      this.parts.onMessage(message);
    } catch (error) {
      this.parts.logger.error(error);
    }
  }

  private release(message: InboundMessage, decision: Decision): void {
    const { identifier, qos, writer } = message;
    if (decision.kind === 'nack' || this.pending.get(identifier) !== message) return;
    if (writer !== this.connection.writer || !writer.usable) return;
    this.pending.delete(identifier);
    const refused = decision.kind === 'reject' && this.parts.refusable?.includes(qos) === true;
    if (qos === 1 || refused) this.inUse.delete(identifier);
    if (qos === 2 && !refused) this.received.set(identifier, message);
    if (!refused) writer.acknowledge(qos === 1 ? PUBACK : PUBREC, identifier);
    else this.refuse(qos as AckedQoS, identifier, decision, writer);
  }

  private refuse(qos: AckedQoS, messageId: number, { reasonCode, reasonString }: Rejection, writer: Writer): void {
    const properties = reasonString === undefined ? undefined : { reasonString };
    writer.write({ cmd: qos === 1 ? 'puback' : 'pubrec', messageId, reasonCode, ...(properties && { properties }) });
  }
}
