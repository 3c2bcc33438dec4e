import type { IPublishPacket, Packet } from 'mqtt-packet';
import { isFailure, ReasonCode } from '../../protocol/reason-code.js';
import type { ResolvedBrokerOptions } from '../broker-options.js';
import { ProtocolViolation } from '../packets/protocol-violation.js';

type Limits = Pick<ResolvedBrokerOptions, 'receiveMaximum' | 'topicAliasMaximum'>;

/** Enforces the limits of a 5.0 client on one connection: Topic Alias Maximum and Receive Maximum. */
export class InboundFlow {
  private readonly topics = new Map<number, string>();
  private readonly unacknowledged = new Set<number>();

  constructor(private readonly limits: Limits) {}

  /**
   * Resolves the Topic Alias of a PUBLISH.
   * @throws ProtocolViolation when it exceeds a limit
   */
  received(publish: IPublishPacket): IPublishPacket {
    if (publish.qos > 0) {
      this.unacknowledged.add(publish.messageId!);
      if (this.unacknowledged.size > this.limits.receiveMaximum) {
        throw new ProtocolViolation(ReasonCode.RECEIVE_MAXIMUM_EXCEEDED, 'Too many messages are unacknowledged'); // [MQTT-3.3.4-9]
      }
    }
    const alias = publish.properties?.topicAlias;
    return alias === undefined ? publish : this.resolve(publish, alias);
  }

  /** A packet to the client may free its Packet Identifier. */
  sent(packet: Packet): void {
    const ends =
      packet.cmd === 'puback' || packet.cmd === 'pubcomp' || (packet.cmd === 'pubrec' && isFailure(packet.reasonCode));
    if (ends) this.unacknowledged.delete(packet.messageId!);
  }

  private resolve(publish: IPublishPacket, alias: number): IPublishPacket {
    // [MQTT-3.3.2-8], [MQTT-3.3.2-9]
    if (alias === 0 || alias > this.limits.topicAliasMaximum) {
      throw new ProtocolViolation(ReasonCode.TOPIC_ALIAS_INVALID, `The Topic Alias ${alias} is not allowed`);
    }
    const topic = publish.topic || this.topics.get(alias);
    if (!topic) throw new ProtocolViolation(ReasonCode.PROTOCOL_ERROR, `The Topic Alias ${alias} has no Topic Name`);
    this.topics.set(alias, topic);
    return publish.topic ? publish : { ...publish, topic };
  }
}
