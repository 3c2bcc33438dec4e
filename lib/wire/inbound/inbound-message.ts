import type { PublishPacket, QoS } from '../../protocol/application-message.js';
import type { Decision, Settling } from '../../protocol/delivery.js';
import type { Writer } from '../outbound/writer.js';

/** Who keeps the acknowledgements of messages. */
export interface AcknowledgementKeeper {
  /** Called once, when something has been decided about a QoS 1 or QoS 2 message. */
  decided(message: InboundMessage, decision: Decision): void;
}

/** A message from the broker, from its arrival until it is decided about and, at QoS 1 and 2, its acknowledgement is written. */
export class InboundMessage implements Settling {
  decision: Decision | undefined;
  /** Milliseconds since the epoch; 0 for a message at QoS 0 that does not expire, for which nobody asks. */
  readonly arrivedAt: number;

  /** @param writer of the network connection that it came on, which alone may acknowledge it */
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

  /** When the sender's patience with it ends (section 3.3.2.3.3), in milliseconds since the epoch; `Infinity` for never. */
  get expiresAt(): number {
    const seconds = this.packet.properties?.messageExpiryInterval;
    return seconds === undefined ? Infinity : this.arrivedAt + seconds * 1_000;
  }

  /** Acknowledges, refuses or withholds it. The first decision counts; at QoS 0 there is nobody to tell. */
  decide(decision: Decision): void {
    if (this.decision) return;
    this.decision = decision;
    if (this.packet.qos > 0) this.keeper.decided(this, decision);
  }

  /** Across connections only a message that is marked as a redelivery (DUP) is the same: identifiers are used again. */
  isRedeliveredBy(packet: PublishPacket, writer: Writer): boolean {
    return (packet.dup || writer === this.writer) && this.hasContentOf(packet);
  }

  hasContentOf({ qos, topic, payload }: PublishPacket): boolean {
    const known = this.packet;
    return qos === known.qos && topic === known.topic && payload.equals(known.payload);
  }
}
