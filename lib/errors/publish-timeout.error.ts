import { MqttTransportError } from './mqtt-transport.error.js';

/** A message was not delivered within its `timeout`: it was not sent, or the broker did not acknowledge it (QoS 1 and 2). */
export class PublishTimeoutError extends MqttTransportError {
  readonly code = 'ERR_MQTT_PUBLISH_TIMEOUT';

  /**
   * @param timeout timeout of the message, in milliseconds
   * @param maybePublished whether the message may have reached the broker: publishing it again could then deliver it twice
   */
  constructor(
    readonly topic: string,
    readonly timeout: number,
    readonly maybePublished: boolean,
  ) {
    super(
      `The message to "${topic}" was not delivered within ${timeout} ms, and ` +
        `${maybePublished ? 'may have reached the broker' : 'was not sent'}. ` +
        'Check the connection to the broker, or allow more time (timeout, setTimeout).',
    );
  }
}
