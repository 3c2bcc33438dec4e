import type { PublishPacket, UserProperties } from '../../protocol/application-message.js';

/** The answer to a request, with all that came with it. */
export interface MqttReply<T = unknown> {
  readonly data: T;
  /** Topic Name that it came on. */
  readonly topic: string;
  readonly userProperties: Readonly<UserProperties>;
  readonly contentType: string | undefined;
  readonly correlationData: Buffer | undefined;
  /** The PUBLISH packet as MQTT.js gives it. */
  readonly packet: PublishPacket;
}

const NO_USER_PROPERTIES: Readonly<UserProperties> = Object.freeze({});

/** A reply as the caller of `request()` gets it. */
export function replyOf<T>(data: T, packet: PublishPacket): MqttReply<T> {
  const { contentType, correlationData, userProperties = NO_USER_PROPERTIES } = packet.properties ?? {};
  return { data, topic: packet.topic, userProperties, contentType, correlationData, packet };
}
