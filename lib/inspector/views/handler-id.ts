import type { InspectedApplication, InspectedHandler } from '../inspected-application.js';
import type { MqttInspector } from '../mqtt-inspector.js';
import type { ConnectionRecord } from '../records/connection-record.js';

/** Id of a handler on the page, valid while its connection exists. @param place index among the handlers of its server */
export function handlerId({ id }: ConnectionRecord, place: number): string {
  return `${id}-${place}`;
}

/** The handler of an id; undefined when it is gone. */
export function findHandler(
  name: string,
  inspector: MqttInspector,
  application: InspectedApplication,
): InspectedHandler | undefined {
  const [connection, place] = name.split('-');
  const record = [...inspector.connections.values()].find(({ id }) => id === connection);
  return record && application.handlersOf(record.connection)[Number(place)];
}
