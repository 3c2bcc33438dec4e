import { MqttBroker } from 'nestjs-mqtt-transport/testing';
import type { Vault } from './credentials.js';
import { freePort } from './free-port.js';
import { say } from './say.js';

/** Two brokers in this process: one of the plant, which requires credentials, and one of the office. */
export interface Brokers {
  readonly plant: MqttBroker;
  readonly plantUrl: string;
  readonly office: MqttBroker;
  readonly officeUrl: string;
  close(): Promise<void>;
}

export async function startBrokers(vault: Vault): Promise<Brokers> {
  const plant = new MqttBroker({ authenticate: ({ username, password }) => vault.accepts(username, password) });
  const office = new MqttBroker();
  const plantUrl = await plant.listen({ port: await freePort(1883) });
  const officeUrl = await office.listen({ port: await freePort(1884) });
  say('plant', `broker at ${plantUrl}, with credentials`);
  say('office', `broker at ${officeUrl}`);
  return {
    plant,
    plantUrl,
    office,
    officeUrl,
    close: async () => void (await Promise.all([plant.close(), office.close()])),
  };
}
