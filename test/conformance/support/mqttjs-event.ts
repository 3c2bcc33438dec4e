import { once, type EventEmitter } from 'node:events';
import type { MqttClient } from 'mqtt';

/** The next event of an MQTT.js client, whose own typing of events `once` does not take. */
export async function nextEvent<Payload extends unknown[]>(client: MqttClient, event: string): Promise<Payload> {
  return once(client as unknown as EventEmitter, event) as Promise<Payload>;
}
