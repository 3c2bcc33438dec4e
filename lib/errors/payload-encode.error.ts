import { MqttTransportError } from './mqtt-transport.error.js';

/** A value cannot be turned into a payload. Nothing has been sent. */
export class PayloadEncodeError extends MqttTransportError {
  readonly code = 'ERR_MQTT_PAYLOAD_ENCODE';

  constructor(
    readonly topic: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(
      `The value for "${topic}" cannot be encoded: ${problem}. Send something else, or set a codec that knows it.`,
      options,
    );
  }
}
