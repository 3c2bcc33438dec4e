import { MqttTransportError } from './mqtt-transport.error.js';

/** A feature was used that the protocol version or the broker does not support. Nothing has been sent. */
export class FeatureNotSupportedError extends MqttTransportError {
  readonly code = 'ERR_MQTT_FEATURE_NOT_SUPPORTED';

  /**
   * @param feature name of the option or property that requires the feature
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
