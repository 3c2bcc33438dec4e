import type { PublishPacket, QoS } from '../../protocol/application-message.js';
import type { Decision, Settling } from '../../protocol/delivery.js';
import type { Writer } from '../outbound/writer.js';

/** Sends the acknowledgements of messages. */
export interface AcknowledgementKeeper {
  /** Called once, when a QoS 1 or QoS 2 message is settled. */
  decided(message: InboundMessage, decision: Decision): void;
}

/** A message from the broker, from its arrival until it is settled and, at QoS 1 and 2, its acknowledgement is written. */
export class InboundMessage implements Settling {
  decision: Decision | undefined;
  /** Time of arrival, in milliseconds since the epoch; 0 for a QoS 0 message that does not expire, for which it is not needed. */
  readonly arrivedAt: number;

  /** @param writer writer of the network connection on which it arrived: it must not be acknowledged on another one */
  constructor(
    readonly packet: PublishPacket,
    public writer: Writer,
    private readonly keeper: AcknowledgementKeeper,
  ) {
    const isTimed = packet.qos > 0 || packet.properties?.messageExpiryInterval !== undefined;
    this.arrivedAt = isTimed ? Date.now() : 0;
  }

  get topic(): string {
    return this.packet.topic;
  }

  get payload(): Buffer {
    return this.packet.payload;
  }

  get qos(): QoS {
    return this.packet.qos;
  }

  get identifier(): number {
    return this.packet.messageId!;
  }

  /** When the message expires (section 3.3.2.3.3), in milliseconds since the epoch; `Infinity` for never. */
  get expiresAt(): number {
    const seconds = this.packet.properties?.messageExpiryInterval;
    return seconds === undefined ? Infinity : this.arrivedAt + seconds * 1_000;
  }

  /** Acknowledges, rejects or withholds the message. Only the first decision has an effect; at QoS 0 none has. */
  decide(decision: Decision): void {
    if (this.decision) return;
    this.decision = decision;
    if (this.packet.qos > 0) this.keeper.decided(this, decision);
  }

  /** Whether another PUBLISH is the same message. On another connection this requires the DUP flag, because identifiers are reused. */
  isRedeliveredBy(packet: PublishPacket, writer: Writer): boolean {
    return (packet.dup || writer === this.writer) && this.hasContentOf(packet);
  }

  hasContentOf({ qos, topic, payload }: PublishPacket): boolean {
    const known = this.packet;
    return qos === known.qos && topic === known.topic && payload.equals(known.payload);
  }
}
