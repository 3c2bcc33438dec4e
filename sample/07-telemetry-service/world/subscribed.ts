import type { MqttBroker } from 'nestjs-mqtt-transport/testing';

/** Resolves when a client has subscribed to a filter. Messages that are published later are delivered. */
export async function subscribed(broker: MqttBroker, filter: string): Promise<void> {
  await broker.waitFor('subscribe', ({ filters }) => filters.includes(filter), { timeoutMs: 30_000 });
}
