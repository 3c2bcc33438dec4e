import { ReasonCode } from '../../protocol/reason-code.js';
import { ProtocolViolation, protocolError } from './protocol-violation.js';

/** The Topic Aliases that the broker has set on this connection (section 3.3.2.3.4). */
export class InboundTopicAliases {
  private readonly topics = new Map<number, string>();

  /** @param maximum Topic Alias Maximum of the CONNECT (section 3.1.2.11.5) */
  constructor(private readonly maximum: number) {}

  /**
   * Resolves the Topic Alias of a PUBLISH, or sets it.
   *
   * @param topic Topic Name; empty to use the one of the alias
   * @returns the Topic Name
   * @throws ProtocolViolation
   */
  resolve(topic: string, alias: number): string {
    if (alias === 0) throw invalid('A PUBLISH has Topic Alias 0 [MQTT-3.3.2-8]');
    if (alias > this.maximum) {
      throw invalid(`A PUBLISH has Topic Alias ${alias}, and the maximum is ${this.maximum} [MQTT-3.3.2-11]`);
    }
    if (topic !== '') {
      this.topics.set(alias, topic);
      return topic;
    }
    const known = this.topics.get(alias);
    if (known === undefined) {
      throw protocolError(`A PUBLISH has Topic Alias ${alias}, which has no Topic Name (section 3.3.2.3.4)`);
    }
    return known;
  }
}

function invalid(message: string): ProtocolViolation {
  return new ProtocolViolation(ReasonCode.TOPIC_ALIAS_INVALID, message);
}
