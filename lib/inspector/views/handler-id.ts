import type { InspectedApplication, InspectedHandler } from '../inspected-application.js';
import type { MqttInspector } from '../mqtt-inspector.js';
import type { ConnectionRecord } from '../records/connection-record.js';

/** Name of a handler on the page, as long as its connection lives. @param place among the handlers of its server */
export function handlerId({ id }: ConnectionRecord, place: number): string {
  return `${id}-${place}`;
}

/** The handler of a name; undefined where there is none any more. */
export function findHandler(
  name: string,
  inspector: MqttInspector,
  application: InspectedApplication,
): InspectedHandler | undefined {
  const [connection, place] = name.split('-');
  const record = [...inspector.connections.values()].find(({ id }) => id === connection);
  return record && application.handlersOf(record.connection)[Number(place)];
}
