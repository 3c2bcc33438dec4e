import type { QoS } from '../../protocol/application-message.js';
import type { TopicFilter } from '../../protocol/topic-filter.js';
import type { OutboundFlow } from './outbound-flow.js';

export interface Subscription {
  readonly session: Session;
  readonly filter: TopicFilter;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly identifier: number | undefined;
}

/** A client's Session State (section 4.1): ends with a connection or when its Session Expiry Interval is over. */
export class Session {
  /** By subscribed filter. Changed by the router only. */
  readonly subscriptions = new Map<string, Subscription>();
  /** Packet Identifiers of QoS 2 messages received and not released yet. */
  readonly receivedQos2 = new Set<number>();
  /** User name of the client. */
  username: string | undefined;
  /** Session Expiry Interval in seconds. */
  expirySeconds = 0;

  constructor(
    readonly clientId: string,
    /** Messages to the client. */
    readonly outbound: OutboundFlow,
  ) {}
}
