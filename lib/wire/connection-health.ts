import type { Connection } from './connection.js';
import type { DeferredAcknowledgement } from './deferred-acknowledgement.js';
import { reasonOf } from './reconnection.js';
import type { Subscriber } from './subscriber.js';

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
  /** What ended or prevented the latest connection; undefined while there is one. */
  readonly lastError: string | undefined;
}

/** Reads the health off the parts of a connection. */
export function healthOf(
  connection: Connection,
  subscriber: Subscriber,
  acknowledgement: DeferredAcknowledgement,
): MqttHealth {
  const { broker, clientId, connected, lastError } = connection;
  const { oldestUndecided, undecidedCount } = acknowledgement;
  return {
    broker,
    clientId,
    connected,
    subscriptions: { wanted: subscriber.wantedCount, granted: subscriber.grantedCount },
    unsettled: undecidedCount,
    oldestUnsettled: oldestUndecided === undefined ? undefined : Date.now() - oldestUndecided,
    lastError: lastError && reasonOf(lastError),
  };
}
