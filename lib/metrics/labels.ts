import type { MqttObservedConnection } from '../observing/mqtt-observed-connection.js';

/** Label value for topics without a declared template: Topic Names are not used as labels, there may be one for each device. */
export const OTHER = '<other>';

/** The option `name`, which `MqttModule` sets; `default` for the unnamed broker. */
export function brokerOf({ name = 'default' }: MqttObservedConnection): string {
  return name;
}
