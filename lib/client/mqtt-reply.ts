import type { PublishPacket, UserProperties } from '../protocol/application-message.js';

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
