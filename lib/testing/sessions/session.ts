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

/** A client's Session State (section 4.1): outlives its connections, ends with one of them or by Session Expiry. */
export class Session {
  /** By filter as subscribed. Changed by the router only. */
  readonly subscriptions = new Map<string, Subscription>();
  /** Packet Identifiers of QoS 2 messages received and not released yet. */
  readonly receivedQos2 = new Set<number>();
  /** Of the client that is connected, or was. */
  username: string | undefined;
  /** Session Expiry Interval in seconds. */
  expirySeconds = 0;

  constructor(
    readonly clientId: string,
    /** Messages to the client. */
    readonly outbound: OutboundFlow,
  ) {}
}
