import type { QoS } from '../../protocol/application-message.js';
import type { Session } from './session.js';

/** One subscription of a session. */
export interface SubscriptionView {
  /** Topic Filter, including `$share/<group>/`. */
  readonly filter: string;
  /** Granted QoS. */
  readonly qos: QoS;
  readonly nl: boolean;
  readonly rap: boolean;
  readonly identifier: number | undefined;
}

/** A snapshot of a session. */
export interface SessionView {
  readonly clientId: string;
  readonly connected: boolean;
  /** Session Expiry Interval in seconds. */
  readonly expirySeconds: number;
  readonly subscriptions: readonly SubscriptionView[];
  /** Number of queued messages. */
  readonly queued: number;
  /** Number of sent messages whose exchange is not complete. */
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
