import { MqttTransportError } from './mqtt-transport.error.js';

/** Details of a value that cannot be encoded. */
export interface EncodeProblemDetails extends ErrorOptions {
  /** What to do about it. */
  readonly remedy?: string | undefined;
}

/** A value cannot be encoded as a payload. Nothing has been sent. */
export class PayloadEncodeError extends MqttTransportError {
  readonly code = 'ERR_MQTT_PAYLOAD_ENCODE';

  constructor(
    readonly topic: string,
    problem: string,
    { remedy = 'Send another value, or set a codec that can encode it', ...options }: EncodeProblemDetails = {},
  ) {
    super(`The value for "${topic}" cannot be encoded: ${problem}. ${remedy}.`, options);
  }
}
