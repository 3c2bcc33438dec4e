import { MqttTransportError } from './mqtt-transport.error.js';

/** The broker says that nobody subscribes to the topic of a request (PUBACK or PUBREC 0x10), so that no reply can come. */
export class NoMatchingSubscribersError extends MqttTransportError {
  readonly code = 'ERR_MQTT_NO_MATCHING_SUBSCRIBERS';

  constructor(readonly topic: string) {
    super(`Nobody subscribes to "${topic}", so the request has no handler. Check the topic, or start the service.`);
  }
}
