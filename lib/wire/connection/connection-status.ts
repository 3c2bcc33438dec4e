import type { Connection } from './connection.js';
import type { MqttStatus } from '../mqtt-events.js';

/** Reports the state of a connection with the names of Nest's MQTT transport. */
export function reportStatus(connection: Connection, report: (status: MqttStatus) => void): void {
  connection.on('connected', () => report('connected'));
  connection.on('lost', () => report('disconnected'));
  connection.on('reconnecting', () => report('reconnecting'));
  connection.on('closed', () => report('closed'));
}
