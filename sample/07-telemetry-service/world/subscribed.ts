import type { MqttBroker } from 'nestjs-mqtt-transport/testing';

/** Resolves when somebody has subscribed to a filter: what is published from then on arrives. */
export async function subscribed(broker: MqttBroker, filter: string): Promise<void> {
  await broker.waitFor('subscribe', ({ filters }) => filters.includes(filter), { timeoutMs: 30_000 });
}
