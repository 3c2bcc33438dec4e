import type { Logger } from '@nestjs/common';
import type { IPublishPacket, Packet } from 'mqtt';
import type { PublishPacket } from '../protocol/application-message.js';
import { ACK, type Decision, type Delivery } from '../protocol/delivery.js';
import { isFailure } from '../protocol/reason-code.js';
import { AcknowledgementLine } from './acknowledgement-line.js';
import type { OutboundBatch } from './outbound-batch.js';
import type { Connection } from './connection.js';

/** @param delivery undefined for QoS 0, which has no acknowledgement */
export type MessageListener = (
  topic: string,
  payload: Buffer,
  packet: PublishPacket,
  delivery: Delivery | undefined,
) => void;

type Stream = Connection['client']['stream'];
type AckedQoS = 1 | 2;

/**
 * Takes the acknowledgement of QoS 1 and QoS 2 messages out of MQTT.js' hands, so that it can wait for a handler
 * without holding up anything else, and can never be written on a connection that it does not belong to.
 *
 * This file is the one place that leans on how MQTT.js works inside: between its `packetreceive` and `message` events, which
 * it emits one after the other in one go, the packet is shown to it as QoS 0. It then resolves the topic alias, emits the
 * message and goes on, without storing or acknowledging anything. The packet's true QoS is put back before anybody else sees
 * it. `test/conformance/mqttjs-contract.spec.ts` fails when a version of MQTT.js no longer works that way.
 *
 * @internal
 */
export class DeferredAcknowledgement {
  private readonly lines: Readonly<Record<AckedQoS, AcknowledgementLine<PendingDelivery>>>;
  /** By Packet Identifier: messages whose acknowledgement has not been written, whichever connection they came on. */
  private readonly pending = new Map<number, PendingDelivery>();
  /** Packet Identifiers of QoS 2 messages whose PUBREC is written and whose PUBREL has not come. */
  private readonly received = new Set<number>();
  private trueQoS: AckedQoS | 0 = 0;
  private disconnecting: Stream | undefined;
  private accepting = true;
  /** Messages withheld on the present connection. */
  private withheld = 0;
  private drained: (() => void) | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly batch: OutboundBatch,
    private readonly onMessage: MessageListener,
    private readonly logger: Logger,
    /** Told of every message that is withheld: its slot in the broker's window stays taken until the session is resumed. */
    private readonly onWithheld: (withheld: number) => void = () => {},
  ) {
    const release = (delivery: PendingDelivery, decision: Decision): void => this.release(delivery, decision);
    this.lines = { 1: new AcknowledgementLine(release), 2: new AcknowledgementLine(release) };
    connection.on('session', ({ sessionPresent }) => this.beginSession(sessionPresent));
    connection.on('lost', () => this.drained?.());
    const { client } = connection;
    client.prependListener('packetreceive', (packet) => this.onPacketReceive(packet));
    client.prependListener('message', (topic, payload, packet) => this.onPublish(topic, payload, packet));
    client.prependListener('packetsend', (packet) => this.onPacketSend(packet));
    connection.ownPacketSendListeners++;
  }

  /** Messages that nothing has been decided about. */
  get undecidedCount(): number {
    let count = 0;
    for (const { decision } of this.pending.values()) if (!decision) count++;
    return count;
  }

  /** Milliseconds since the epoch at which the longest waiting one of them arrived. */
  get oldestUndecided(): number | undefined {
    for (const { arrivedAt, decision } of this.pending.values()) if (!decision) return arrivedAt;
    return undefined;
  }

  /** From now on nothing is taken: what arrives stays with the broker. */
  stopAccepting(): void {
    this.accepting = false;
  }

  /** What is not decided now stays with the broker, and no longer holds up the acknowledgement of what came after it. */
  giveUpUndecided(): void {
    this.lines[1].skipUndecided();
    this.lines[2].skipUndecided();
  }

  /** Resolves when every QoS 2 exchange that began here has been completed by the broker (PUBREL), or cannot be any more. */
  completed(): Promise<void> {
    if (this.received.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.drained = resolve));
  }

  private beginSession(sessionPresent: boolean): void {
    this.lines[1].clear();
    this.lines[2].clear();
    this.withheld = 0;
    if (sessionPresent) return; // what is pending may be delivered again, and is then adopted
    this.pending.clear();
    this.received.clear();
    this.drained?.();
  }

  private onPacketReceive(packet: Packet): void {
    if (packet.cmd === 'publish') {
      this.trueQoS = packet.qos;
      packet.qos = 0; // MQTT.js takes its path without acknowledgement
    } else if (packet.cmd === 'pubrel') {
      this.received.delete(packet.messageId!);
      if (this.received.size === 0) this.drained?.();
    }
  }

  private onPublish(topic: string, payload: Buffer, packet: IPublishPacket): void {
    packet.qos = this.trueQoS;
    try {
      if (packet.qos === 0) {
        if (this.accepting) this.onMessage(topic, payload, packet, undefined);
      } else this.onDelivery(topic, payload, packet, packet.qos);
    } catch (error) {
      this.logger.error(error); // an exception would break the client's inbound stream for good
    }
  }

  private onDelivery(topic: string, payload: Buffer, packet: IPublishPacket, qos: AckedQoS): void {
    const id = packet.messageId!;
    const { stream } = this.connection.client;
    // Packets that were parsed already are still handed out when their connection is gone: the broker redelivers them.
    if (!this.isUsable(stream)) return;
    if (qos === 2 && this.received.has(id)) {
      this.write(2, id, ACK); // [MQTT-4.3.3-10]: the broker has not seen our PUBREC
      return;
    }
    const known = this.pending.get(id);
    if (known?.isSameMessage(qos, topic, payload, packet.dup, stream)) {
      if (known.stream === stream) return; // a duplicate on one connection
      known.stream = stream; // adopted: its handler ran, or still runs, and is not run again
      this.lines[qos].push(known);
      this.lines[qos].flush();
      return;
    }
    if (!this.accepting) return;
    const delivery = new PendingDelivery(id, qos, topic, payload, stream, this);
    this.pending.set(id, delivery);
    this.lines[qos].push(delivery);
    this.onMessage(topic, payload, packet, delivery);
  }

  /** @internal called by the delivery itself, once */
  decided(delivery: PendingDelivery, decision: Decision): void {
    if (decision.kind === 'nack' && this.pending.get(delivery.id) === delivery) {
      this.pending.delete(delivery.id); // run again when it is delivered again
      if (decision.again) this.onWithheld(++this.withheld);
    }
    if (delivery.stream === this.connection.client.stream) this.lines[delivery.qos].flush();
  }

  private release(delivery: PendingDelivery, decision: Decision): void {
    if (decision.kind === 'nack' || this.pending.get(delivery.id) !== delivery || !this.isUsable(delivery.stream))
      return;
    this.pending.delete(delivery.id);
    this.write(delivery.qos, delivery.id, decision);
    const refused = decision.kind === 'reject' && this.connection.protocolVersion === 5;
    if (delivery.qos === 2 && !refused) this.received.add(delivery.id);
  }

  private write(qos: AckedQoS, messageId: number, decision: Decision): void {
    if (decision.kind === 'reject' && this.connection.protocolVersion === 5) {
      const { reasonCode, reasonString } = decision;
      const properties = reasonString === undefined ? undefined : { reasonString };
      this.batch.append({ cmd: qos === 1 ? 'puback' : 'pubrec', messageId, reasonCode, properties });
    } else this.batch.acknowledge(qos, messageId);
  }

  private isUsable(stream: Stream): boolean {
    const { client } = this.connection;
    return (
      stream === client.stream &&
      client.connected &&
      !stream.destroyed &&
      !stream.writableEnded &&
      stream !== this.disconnecting
    );
  }

  private onPacketSend(packet: Packet): void {
    if (packet.cmd === 'disconnect') this.disconnecting = this.connection.client.stream;
    else if ((packet.cmd === 'puback' || packet.cmd === 'pubrec') && !isFailure(packet.reasonCode)) {
      this.logger.error(
        `MQTT.js acknowledged message ${packet.messageId} by itself: this version of it is not supported, and messages can be lost. Use the version that package.json asks for.`,
      );
    }
  }
}

class PendingDelivery implements Delivery {
  decision: Decision | undefined;
  readonly arrivedAt = Date.now();

  constructor(
    readonly id: number,
    readonly qos: AckedQoS,
    private readonly topic: string,
    private readonly payload: Buffer,
    public stream: Stream,
    private readonly owner: DeferredAcknowledgement,
  ) {}

  decide(decision: Decision): void {
    if (this.decision) return;
    this.decision = decision;
    this.owner.decided(this, decision);
  }

  /** Across connections only a message that is marked as a redelivery (DUP) is the same: identifiers are used again. */
  isSameMessage(qos: number, topic: string, payload: Buffer, dup: boolean, stream: Stream): boolean {
    return qos === this.qos && topic === this.topic && (dup || stream === this.stream) && payload.equals(this.payload);
  }
}
