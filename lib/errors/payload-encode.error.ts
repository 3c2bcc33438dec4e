import { MqttTransportError } from './mqtt-transport.error.js';

/** A value cannot be encoded as a payload. Nothing has been sent. */
export class PayloadEncodeError extends MqttTransportError {
  readonly code = 'ERR_MQTT_PAYLOAD_ENCODE';

  constructor(
    readonly topic: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(
      `The value for "${topic}" cannot be encoded: ${problem}. Send another value, or set a codec that can encode it.`,
      options,
    );
  }
}
