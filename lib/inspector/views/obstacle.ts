import { isOf, type InspectedHandler } from '../inspected-application.js';
import type { MqttInspector } from '../mqtt-inspector.js';
import { excerpt } from './excerpt.js';

/** What keeps the messages of a handler from coming at all; undefined where nothing does. */
export function obstacleOf({ server, subscription }: InspectedHandler, inspector: MqttInspector): string | undefined {
  const health = server.health();
  if (!health) return 'its server has not started: call startAllMicroservices() or listen()';
  if (!health.connected) {
    const because = health.lastError === undefined ? '' : ` (${excerpt(health.lastError)})`;
    return `its server is not connected to ${health.broker}${because}`;
  }
  const records = [...inspector.connections.values()];
  const refused = records.find(({ connection }) => isOf(connection, server))?.refused.get(subscription);
  return refused === undefined ? undefined : `the broker has refused its filter: ${refused}`;
}
