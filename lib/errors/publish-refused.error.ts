import { MqttTransportError } from './mqtt-transport.error.js';

/** The broker refused a message (PUBACK or PUBREC with 0x80 or above), or it exceeds a limit that the broker announced. */
export class PublishRefusedError extends MqttTransportError {
  readonly code = 'ERR_MQTT_PUBLISH_REFUSED';

  constructor(
    readonly topic: string,
    readonly reasonCode: number,
    reason: string,
  ) {
    super(
      `The message to "${topic}" was refused (0x${reasonCode.toString(16).padStart(2, '0')} ${reason}). ` +
        "Check this client's permissions and the broker's limits.",
    );
  }
}
