import { MqttTransportError } from './mqtt-transport.error.js';

/** The connection ended before the operation did. */
export class ConnectionClosedError extends MqttTransportError {
  readonly code = 'ERR_MQTT_CONNECTION_CLOSED';

  /** @param maybeExecuted whether the request may have reached a handler, so that sending it again could run it twice */
  constructor(
    message: string,
    readonly maybeExecuted: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
