import type { MqttObservedConnection } from '../observing/mqtt-observed-connection.js';

/** Stands for what is not declared: a topic is no label, for there may be one for each device. */
export const OTHER = '<other>';

/** The option `name`, which `MqttModule` sets; `default` for the one unnamed broker. */
export function brokerOf({ name = 'default' }: MqttObservedConnection): string {
  return name;
}
