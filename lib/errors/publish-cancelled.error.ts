import { MqttTransportError } from './mqtt-transport.error.js';

/** The `signal` of a message was aborted before the message was delivered. `cause` is the signal's reason. */
export class PublishCancelledError extends MqttTransportError {
  readonly code = 'ERR_MQTT_PUBLISH_CANCELLED';

  /** @param maybePublished whether the message may have reached the broker: publishing it again could then deliver it twice */
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
