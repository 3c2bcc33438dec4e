import type { QoS } from '../../protocol/application-message.js';
import type { Session } from './session.js';

/** One subscription of a session. */
export interface SubscriptionView {
  /** As subscribed, `$share/<group>/` included. */
  readonly filter: string;
  /** As granted. */
  readonly qos: QoS;
  readonly nl: boolean;
  readonly rap: boolean;
  readonly identifier: number | undefined;
}

/** A session at the moment of asking. */
export interface SessionView {
  readonly clientId: string;
  readonly connected: boolean;
  /** Session Expiry Interval in seconds. */
  readonly expirySeconds: number;
  readonly subscriptions: readonly SubscriptionView[];
  /** Messages that wait to be sent. */
  readonly queued: number;
  /** Messages sent and not acknowledged to the end. */
  readonly inFlight: number;
}

export function viewSession(session: Session): SessionView {
  return {
    clientId: session.clientId,
    connected: session.outbound.link !== undefined,
    expirySeconds: session.expirySeconds,
    subscriptions: [...session.subscriptions.values()].map(
      ({ filter, qos, noLocal, retainAsPublished, identifier }) => ({
        filter: filter.text,
        qos,
        nl: noLocal,
        rap: retainAsPublished,
        identifier,
      }),
    ),
    queued: session.outbound.queued,
    inFlight: session.outbound.inFlight,
  };
}
