import type { PublishPacket, UserProperties } from '../../protocol/application-message.js';

/** The reply to a request, with its properties. */
export interface MqttReply<T = unknown> {
  readonly data: T;
  /** Topic Name of the reply. */
  readonly topic: string;
  readonly userProperties: Readonly<UserProperties>;
  readonly contentType: string | undefined;
  readonly correlationData: Buffer | undefined;
  /** The PUBLISH packet, in the format of MQTT.js. */
  readonly packet: PublishPacket;
}

const NO_USER_PROPERTIES: Readonly<UserProperties> = Object.freeze({});

/** The result of `request()`. */
export function replyOf<T>(data: T, packet: PublishPacket): MqttReply<T> {
  const { contentType, correlationData, userProperties = NO_USER_PROPERTIES } = packet.properties ?? {};
  return { data, topic: packet.topic, userProperties, contentType, correlationData, packet };
}
