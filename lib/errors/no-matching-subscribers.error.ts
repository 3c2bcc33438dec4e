import { MqttTransportError } from './mqtt-transport.error.js';

/** The broker reports that no client subscribes to the topic of a request (PUBACK or PUBREC 0x10): no reply can arrive. */
export class NoMatchingSubscribersError extends MqttTransportError {
  readonly code = 'ERR_MQTT_NO_MATCHING_SUBSCRIBERS';

  constructor(readonly topic: string) {
    super(
      `No client subscribes to "${topic}", so no handler can receive the request. Check the topic, or start the service.`,
    );
  }
}
