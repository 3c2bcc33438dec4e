import { isOf, type InspectedHandler } from '../inspected-application.js';
import type { MqttInspector } from '../mqtt-inspector.js';
import { excerpt } from './excerpt.js';

/** Why a handler gets no messages at all; undefined if nothing prevents them. */
export function obstacleOf({ server, subscription }: InspectedHandler, inspector: MqttInspector): string | undefined {
  const health = server.health();
  if (!health) return 'its server has not started: call startAllMicroservices() or listen()';
  if (!health.connected) {
    const because = health.lastError === undefined ? '' : ` (${excerpt(health.lastError)})`;
    return `its server is not connected to ${health.broker}${because}`;
  }
  const records = [...inspector.connections.values()];
  const refused = records.find(({ connection }) => isOf(connection, server))?.refused.get(subscription);
  return refused === undefined ? undefined : `the broker refused its filter: ${refused}`;
}
