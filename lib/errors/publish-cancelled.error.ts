import { MqttTransportError } from './mqtt-transport.error.js';

/** The `signal` of a message aborted before the message was delivered. `cause` is the reason of the signal. */
export class PublishCancelledError extends MqttTransportError {
  readonly code = 'ERR_MQTT_PUBLISH_CANCELLED';

  /** @param maybePublished whether it may have reached the broker, so that publishing it again could deliver it twice */
  constructor(
    readonly topic: string,
    readonly maybePublished: boolean,
    options?: ErrorOptions,
  ) {
    super(
      `The message to "${topic}" was cancelled, and ${maybePublished ? 'may have reached the broker' : 'was not sent'}.`,
      options,
    );
  }
}
