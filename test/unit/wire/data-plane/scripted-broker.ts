import type { Packet } from 'mqtt-packet';
import type { QoS } from '../../../../lib/protocol/application-message.js';

/** A message to the client. */
export interface BrokerMessage {
  readonly token: string;
  readonly qos: QoS;
  readonly identifier: number;
  /** Whether the client has said PUBREC. */
  received: boolean;
  /** Whether it has been said PUBREL on the present connection. */
  releasing: boolean;
}

/** Something that the client has asked, and that a broker answers. */
export interface Question {
  readonly kind: 'puback' | 'pubrec' | 'pubcomp' | 'pingresp';
  readonly identifier: number;
}

const QUESTIONS: Readonly<Record<string, Question['kind']>> = { pubrel: 'pubcomp', pingreq: 'pingresp' };

/** A broker that answers when it is told to. It keeps its session over connections. */
export class ScriptedBroker {
  /** What it has sent, and what the client has not acknowledged, in order. */
  readonly outgoing = new Map<number, BrokerMessage>();
  /** What the present connection waits for, in order. */
  questions: Question[] = [];
  private sent = 0;

  /** A new connection. @param resumed whether the session goes on */
  connected(resumed: boolean): void {
    this.questions = [];
    if (!resumed) this.outgoing.clear();
    for (const message of this.outgoing.values()) message.releasing = false;
  }

  /** Sends a message; identifiers are used again as soon as they are free. */
  publish(qos: QoS): BrokerMessage {
    let identifier = 1;
    while (this.outgoing.has(identifier)) identifier++;
    const message = { token: `to client ${this.sent++}`, qos, identifier, received: false, releasing: false };
    if (qos > 0) this.outgoing.set(identifier, message);
    return message;
  }

  read(packet: Packet): void {
    const identifier = packet.messageId ?? 0;
    if (packet.cmd === 'publish' && packet.qos > 0)
      this.questions.push({ kind: packet.qos === 1 ? 'puback' : 'pubrec', identifier });
    const kind = QUESTIONS[packet.cmd];
    if (kind) this.questions.push({ kind, identifier });
    if (packet.cmd === 'puback' || packet.cmd === 'pubcomp') this.outgoing.delete(identifier);
    if (packet.cmd === 'pubrec' && (packet.reasonCode ?? 0) >= 0x80) this.outgoing.delete(identifier);
    else if (packet.cmd === 'pubrec') this.outgoing.get(identifier)!.received = true;
  }

  /** The message that is to be released next (PUBREL). */
  get nextToRelease(): BrokerMessage | undefined {
    return [...this.outgoing.values()].find(({ received, releasing }) => received && !releasing);
  }
}
