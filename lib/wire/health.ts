import type { Connection } from './connection/connection.js';
import { reasonOf } from './connection/reconnection.js';
import type { InboundMessages } from './inbound/inbound-messages.js';
import type { Subscriber } from './subscriptions/subscriber.js';

/** How a server or a client stands with its broker. */
export interface MqttHealth {
  /** Where it connects to, without credentials. */
  readonly broker: string;
  readonly clientId: string;
  readonly connected: boolean;
  /** Topic Filters that are wanted, and those of them that the broker has granted in the present session. */
  readonly subscriptions: { readonly wanted: number; readonly granted: number };
  /** QoS 1 and 2 messages that have come in and that nothing has been decided about. */
  readonly unsettled: number;
  /** Milliseconds that the oldest of them has waited; undefined when there is none. */
  readonly oldestUnsettled: number | undefined;
  /** Messages whose acknowledgement is withheld: the broker keeps them until the session is resumed. */
  readonly withheld?: number;
  /**
   * QoS 1 and 2 messages that the broker may have under way to this client at once (Receive Maximum, 5.0), and those that it has.
   * Withheld messages count until the session is resumed: when they fill the window, nothing is delivered any more.
   */
  readonly window?: { readonly size: number; readonly used: number } | undefined;
  /** What ended or prevented the latest connection; undefined while there is one. */
  readonly lastError: string | undefined;
}

/** Reads the health off the parts of a connection. */
export function healthOf(connection: Connection, subscriber: Subscriber, inbound: InboundMessages): MqttHealth {
  const { broker, clientId, connected, lastError } = connection;
  const { oldestUndecided, undecidedCount, withheldCount: withheld, window } = inbound;
  return {
    broker,
    clientId,
    connected,
    subscriptions: { wanted: subscriber.wantedCount, granted: subscriber.grantedCount },
    unsettled: undecidedCount,
    oldestUnsettled: oldestUndecided === undefined ? undefined : Date.now() - oldestUndecided,
    withheld,
    ...(window && { window }),
    lastError: lastError && reasonOf(lastError),
  };
}
