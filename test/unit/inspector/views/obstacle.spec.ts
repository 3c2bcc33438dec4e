import { expect, it } from '@jest/globals';
import type { InspectedHandler } from '../../../../lib/inspector/inspected-application.js';
import { MqttInspector } from '../../../../lib/inspector/mqtt-inspector.js';
import { obstacleOf } from '../../../../lib/inspector/views/obstacle.js';
import type { MqttObservedConnection } from '../../../../lib/observing/mqtt-observed-connection.js';
import { inspected } from '../handlers.js';

const BROKER = 'mqtt://here:1883';

function served(health: unknown): InspectedHandler {
  return inspected('a/b', { server: { health: () => health } as InspectedHandler['server'] });
}

it('is a server that has not started, or is not connected', () => {
  const inspector = new MqttInspector();
  expect(obstacleOf(served(undefined), inspector)).toContain('has not started');
  const lost = served({ connected: false, broker: BROKER, clientId: 'c', lastError: 'refused' });
  expect(obstacleOf(lost, inspector)).toBe(`its server is not connected to ${BROKER} (refused)`);
});

it('is a refused subscription of the same connection, until it is granted', () => {
  const inspector = new MqttInspector();
  const connection = { clientId: 'c', broker: BROKER } as MqttObservedConnection;
  const elsewhere = { clientId: 'c', broker: 'mqtt://there:1883' } as MqttObservedConnection;
  const handler = served({ connected: true, broker: BROKER, clientId: 'c' });
  inspector.connection(elsewhere, { kind: 'subscription-refused', filter: 'a/b', reasonCode: 0x87 });
  inspector.connection(connection, { kind: 'subscription-refused', filter: 'other', reasonCode: 0x87 });
  expect(obstacleOf(handler, inspector)).toBeUndefined();
  inspector.connection(connection, { kind: 'subscription-refused', filter: 'a/b', reasonCode: 0x87 });
  expect(obstacleOf(handler, inspector)).toBe('the broker refused its filter: not authorized');
  inspector.connection(connection, { kind: 'subscribed', filter: 'a/b', qos: 1 });
  expect(obstacleOf(handler, inspector)).toBeUndefined();
});
