import { MqttTransportError } from './mqtt-transport.error.js';

/** Something was asked for that the protocol version of the connection, or its broker, does not have. Nothing has been sent. */
export class FeatureNotSupportedError extends MqttTransportError {
  readonly code = 'ERR_MQTT_FEATURE_NOT_SUPPORTED';

  /**
   * @param feature what was asked for, named as the option or property that asks for it
   * @param remedy what to do instead
   */
  constructor(
    readonly feature: string,
    reason: string,
    remedy: string,
  ) {
    super(`${feature}: ${reason}. ${remedy}.`);
  }
}
