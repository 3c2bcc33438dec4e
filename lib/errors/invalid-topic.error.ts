import { MqttTransportError } from './mqtt-transport.error.js';

/** A Topic Name or Topic Filter violates the rules of section 4.7 of the MQTT specification. */
export class InvalidTopicError extends MqttTransportError {
  readonly code = 'ERR_MQTT_INVALID_TOPIC';

  constructor(
    readonly topic: string,
    problem: string,
  ) {
    super(`Invalid topic ${JSON.stringify(abbreviate(topic))}: ${problem}.`);
  }
}

const MAX_LENGTH_IN_MESSAGE = 200;

function abbreviate(topic: string): string {
  return topic.length > MAX_LENGTH_IN_MESSAGE ? `${topic.slice(0, MAX_LENGTH_IN_MESSAGE)}...` : topic;
}
