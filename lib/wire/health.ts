import type { MqttHealth } from '../observing/mqtt-health.js';
import type { Connection } from './connection/connection.js';
import { reasonOf } from './connection/reconnection.js';
import type { InboundMessages } from './inbound/inbound-messages.js';
import type { Subscriber } from './subscriptions/subscriber.js';

/** The health of a connection, from its parts. */
export function healthOf(connection: Connection, subscriber: Subscriber, inbound: InboundMessages): MqttHealth {
  const { address: broker, clientId, connected, lastError } = connection;
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
