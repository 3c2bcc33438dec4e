import { MqttTransportError } from './mqtt-transport.error.js';

/** The broker refused the connection (CONNACK), or it could not be reached within the number of attempts that the options allow. */
export class ConnectionRefusedError extends MqttTransportError {
  readonly code = 'ERR_MQTT_CONNECTION_REFUSED';

  /** @param reasonCode reason code (5.0) or return code (3.1.1) of the CONNACK; undefined when the broker was not reached */
  constructor(
    message: string,
    readonly reasonCode?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
