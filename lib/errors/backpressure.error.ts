import { MqttTransportError } from './mqtt-transport.error.js';

/** A limit was reached, and no capacity became free in time. Nothing has been sent. */
export class BackpressureError extends MqttTransportError {
  readonly code = 'ERR_MQTT_BACKPRESSURE';

  /**
   * @param option name of the option that sets the limit
   * @param limit its value
   */
  constructor(
    readonly option: string,
    readonly limit: number,
    what: string,
  ) {
    super(`${what}: ${option} (${limit}) is reached. Slow down, or raise ${option}.`);
  }
}
