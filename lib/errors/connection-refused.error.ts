import { MqttTransportError } from './mqtt-transport.error.js';

/** The broker refused the connection (CONNACK), or it could not be reached within the attempts that the options allow. */
export class ConnectionRefusedError extends MqttTransportError {
  readonly code = 'ERR_MQTT_CONNECTION_REFUSED';

  /** @param reasonCode of the CONNACK (5.0) or its return code (3.1.1); undefined when the broker was not reached */
  constructor(
    message: string,
    readonly reasonCode?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
