import { MqttTransportError } from './mqtt-transport.error.js';

/** A value cannot be encoded as a payload. Nothing has been sent. */
export class PayloadEncodeError extends MqttTransportError {
  readonly code = 'ERR_MQTT_PAYLOAD_ENCODE';

  /** @param details `remedy`: what to do about it */
  constructor(
    readonly topic: string,
    problem: string,
    details: ErrorOptions & { readonly remedy?: string | undefined } = {},
  ) {
    const { remedy = 'Send another value, or set a codec that can encode it', ...options } = details;
    super(`The value for "${topic}" cannot be encoded: ${problem}. ${remedy}.`, options);
  }
}
