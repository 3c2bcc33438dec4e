import type { QoS } from '../../protocol/application-message.js';
import type { TopicFilter } from '../../protocol/topic-filter.js';
import type { BrokerMessage } from '../broker-message.js';
import type { Session, Subscription } from './session.js';

/** The members of one Shared Subscription (section 4.8.2), which receive its messages in turn. */
export class SharedGroup {
  /** Members; the next one is first. */
  private members: Subscription[] = [];

  constructor(readonly filter: TopicFilter) {}

  get isEmpty(): boolean {
    return this.members.length === 0;
  }

  get isOnline(): boolean {
    return this.members.some(({ session }) => session.outbound.link);
  }

  /** A member that subscribes again keeps its position. */
  join(subscription: Subscription): void {
    const at = this.members.findIndex(({ session }) => session === subscription.session);
    if (at < 0) this.members.push(subscription);
    else this.members[at] = subscription;
  }

  leave(session: Session): void {
    this.members = this.members.filter((member) => member.session !== session);
  }

  /**
   * Delivers `message` to one member; false when there is none.
   * @param identifiersFor the Subscription Identifiers of a delivery to a member
   */
  deal(message: BrokerMessage, identifiersFor: (member: Subscription) => readonly number[]): boolean {
    const member = this.choose(message);
    if (!member) return false;
    this.members = [...this.members.filter((other) => other !== member), member];
    member.session.outbound.deliver({
      message,
      qos: lower(message.qos, member.qos),
      retain: message.retain && member.retainAsPublished,
      identifiers: identifiersFor(member),
      share: this.filter.text,
    });
    return true;
  }

  /** An online member with send quota; else the online member with the shortest queue; else, at QoS 1 and 2, an offline session. */
  private choose(message: BrokerMessage): Subscription | undefined {
    const online = this.members.filter(({ session }) => session.outbound.link);
    if (online.length === 0) return this.members.find((member) => lower(message.qos, member.qos) > 0);
    return (
      online.find(({ session }) => session.outbound.hasRoom) ??
      online.reduce((least, member) =>
        member.session.outbound.queued < least.session.outbound.queued ? member : least,
      )
    );
  }
}

function lower(published: QoS, granted: QoS): QoS {
  return published < granted ? published : granted; // [MQTT-3.8.4-8]
}
