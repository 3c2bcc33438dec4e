import { MqttTransportError } from './mqtt-transport.error.js';

/** A message waited longer for a connection than its Message Expiry Interval allows (section 3.3.2.3.3). It was not sent. */
export class MessageExpiredError extends MqttTransportError {
  readonly code = 'ERR_MQTT_MESSAGE_EXPIRED';

  /** @param messageExpiryInterval Message Expiry Interval of the message, in seconds */
  constructor(
    readonly topic: string,
    readonly messageExpiryInterval: number,
  ) {
    super(
      `The message to "${topic}" was not sent: it waited longer for a connection than its Message Expiry Interval of ` +
        `${messageExpiryInterval} s. Allow more time (messageExpiryInterval), or check the connection to the broker.`,
    );
  }
}
