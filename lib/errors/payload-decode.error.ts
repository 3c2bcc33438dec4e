import { MqttTransportError } from './mqtt-transport.error.js';

/** A payload cannot be decoded by the codec of its handler, or as its Content Type. */
export class PayloadDecodeError extends MqttTransportError {
  readonly code = 'ERR_MQTT_PAYLOAD_DECODE';

  constructor(
    readonly topic: string,
    readonly contentType: string | undefined,
    options?: ErrorOptions,
  ) {
    super(
      `The payload of the message on "${topic}" cannot be decoded as ${contentType ?? 'the codec expects'}. ` +
        'Check what its publisher sends, or set a codec for this topic.',
      options,
    );
  }
}
