import { MqttTransportError } from './mqtt-transport.error.js';

/** No reply came before the deadline of the request. Whether it was executed is not known. */
export class RequestTimeoutError extends MqttTransportError {
  readonly code = 'ERR_MQTT_REQUEST_TIMEOUT';

  /** @param timeout milliseconds that the request was given */
  constructor(
    readonly topic: string,
    readonly timeout: number,
  ) {
    super(
      `No reply to the request on "${topic}" within ${timeout} ms. ` +
        'Check that a handler listens there, or allow more time (requestTimeout, setTimeout).',
    );
  }
}
