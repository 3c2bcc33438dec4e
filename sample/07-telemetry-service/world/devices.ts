import type { ClientMqtt } from 'nestjs-mqtt-transport';
import type { MqttBroker } from 'nestjs-mqtt-transport/testing';
import { subscribed } from './subscribed.js';

/** A boiler that replies to state requests, and a device that receives requests but does not reply. */
export async function startDevices(client: ClientMqtt, broker: MqttBroker): Promise<void> {
  const ready = subscribed(broker, 'devices/mute/state');
  client.messages('devices/boiler/state', { qos: 1 }).subscribe(({ responseTopic, correlationData }) => {
    if (responseTopic !== undefined) void client.publish(responseTopic, { on: true }, { correlationData });
  });
  client.messages('devices/mute/state', { qos: 1 }).subscribe();
  await ready;
}
