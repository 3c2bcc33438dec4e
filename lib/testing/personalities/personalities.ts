import type { BrokerPersonality, MqttBrokerOptions } from '../broker-options.js';
import { AWS_IOT, AZURE_EVENT_GRID } from './cloud-services.js';
import { AEDES, ARTEMIS, HIVEMQ, MOCHI, MOSQUITTO, RABBITMQ } from './installed-brokers.js';
import type { Personality } from './personality.js';

export const PERSONALITIES: Readonly<Record<BrokerPersonality, Personality>> = {
  mosquitto: MOSQUITTO,
  hivemq: HIVEMQ,
  rabbitmq: RABBITMQ,
  artemis: ARTEMIS,
  aedes: AEDES,
  mochi: MOCHI,
  'aws-iot': AWS_IOT,
  'azure-event-grid': AZURE_EVENT_GRID,
};

/** The options that make up a personality. */
export function optionsOf(personality: BrokerPersonality | undefined): MqttBrokerOptions {
  const traits = personality === undefined ? [] : PERSONALITIES[personality];
  return Object.assign({}, ...traits.map(({ options }) => options)) as MqttBrokerOptions;
}
