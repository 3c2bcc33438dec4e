import { MqttTransportError } from './mqtt-transport.error.js';

/** The caller cancelled the request (abort signal), or the responder reports that the request was cancelled. */
export class RequestCancelledError extends MqttTransportError {
  readonly code = 'ERR_MQTT_REQUEST_CANCELLED';

  constructor(
    readonly topic: string,
    options?: ErrorOptions,
  ) {
    super(`The request on "${topic}" was cancelled.`, options);
  }
}
