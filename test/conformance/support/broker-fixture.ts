import { afterEach } from '@jest/globals';
import { MqttBroker, type MqttBrokerOptions } from '../../../lib/testing/index.js';

/** Brokers that are closed after the test that started them. */
export function useBrokers(): (options?: MqttBrokerOptions) => MqttBroker {
  const open: MqttBroker[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map(async (broker) => broker.close()));
  });
  return (options) => {
    const broker = new MqttBroker(options);
    open.push(broker);
    return broker;
  };
}
