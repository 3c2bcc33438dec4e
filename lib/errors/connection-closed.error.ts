import { MqttTransportError } from './mqtt-transport.error.js';

/** The connection ended before the operation was complete. */
export class ConnectionClosedError extends MqttTransportError {
  readonly code = 'ERR_MQTT_CONNECTION_CLOSED';

  /** @param maybeExecuted whether the request may have reached a handler: sending it again could then run the handler twice */
  constructor(
    message: string,
    readonly maybeExecuted: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
