import type { Logger } from '@nestjs/common';
import type { MqttFigures, MqttHealth } from '../observing/mqtt-health.js';
import type { MqttObservedConnection } from '../observing/mqtt-observed-connection.js';
import type { MqttHandlerFigures } from '../observing/mqtt-observed-handler.js';
import { Observers } from '../observing/observers.js';
import type { Connection } from './connection/connection.js';
import type { Publisher } from './outbound/publisher.js';

/** Additional figures of a role. */
export type RoleFigures = Partial<Pick<MqttFigures, 'running' | 'waiting' | 'pendingRequests'>>;

interface ObservedParts {
  readonly connection: Connection;
  readonly publisher: Publisher;
  readonly health: () => MqttHealth;
  readonly role: MqttObservedConnection['role'];
  readonly figures: () => RoleFigures;
  readonly handlers?: () => readonly MqttHandlerFigures[];
  readonly logger: Logger;
}

/** The observers of a connection, which receive its events; undefined if there are none. */
export function observersOf(parts: ObservedParts): Observers | undefined {
  const { connection, publisher, health, role, figures, handlers = noHandlers, logger } = parts;
  const { observers: given, name } = connection.options;
  if (given.length === 0) return undefined;
  const { clientId, address: broker, protocolVersion } = connection;
  const observed: MqttObservedConnection = {
    role,
    name,
    clientId,
    broker,
    protocolVersion,
    figures: () => ({
      running: 0,
      waiting: 0,
      pendingRequests: 0,
      ...health(),
      ...figures(),
      queued: publisher.queued,
      inFlight: publisher.inFlight,
    }),
    handlers,
  };
  const observers = new Observers(given, observed, logger);
  follow(connection, observers);
  return observers;
}

function noHandlers(): readonly MqttHandlerFigures[] {
  return [];
}

function follow(connection: Connection, observers: Observers): void {
  connection.on('session', ({ sessionPresent, first }) => {
    if (!sessionPresent && !first) observers.happened({ kind: 'session-lost' });
  });
  connection.on('connected', ({ sessionPresent, first }) =>
    observers.happened({ kind: 'connected', first, sessionPresent }),
  );
  connection.on('lost', () => observers.happened({ kind: 'lost', error: connection.lastError }));
  connection.on('attemptFailed', ({ error }) => observers.happened({ kind: 'attempt-failed', error }));
  connection.on('granted', (filter, qos) => observers.happened({ kind: 'subscribed', filter, qos }));
  connection.on('refused', ({ filter, reasonCode }) =>
    observers.happened({ kind: 'subscription-refused', filter, reasonCode }),
  );
  connection.on('closed', (error) => observers.happened({ kind: 'closed', error }));
}
