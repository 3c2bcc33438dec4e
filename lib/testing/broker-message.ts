import type { IPublishPacket } from 'mqtt-packet';
import type { MessageProperties, QoS } from '../protocol/application-message.js';

/** Properties of the Application Message itself, not of one PUBLISH. */
export type BrokerMessageProperties = Omit<MessageProperties, 'topicAlias' | 'subscriptionIdentifier'>;

/** An Application Message inside the broker. */
export interface BrokerMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties: Readonly<BrokerMessageProperties>;
  /** When the message expires, in milliseconds since the epoch. */
  readonly expiresAt?: number | undefined;
  /**
   * User Properties as received: `mqtt-packet` groups them by name, but [MQTT-3.3.2-18] requires to keep their order.
   * @internal
   */
  readonly userPropertyBytes?: Buffer | undefined;
}

/** Argument of `broker.publish()`. */
export interface MessageToPublish {
  readonly topic: string;
  readonly payload?: string | Uint8Array | undefined;
  /** QoS of the message. Default 0. */
  readonly qos?: QoS | undefined;
  /** Whether the broker keeps the message for later subscribers. Default false. */
  readonly retain?: boolean | undefined;
  readonly properties?: Readonly<BrokerMessageProperties> | undefined;
}

/** A PUBLISH inside the broker: that of `mqtt-packet`, and data that it loses. */
export interface PublishPacket extends IPublishPacket {
  userPropertyBytes?: Buffer | undefined;
}

export function createMessage(source: MessageToPublish, userPropertyBytes?: Buffer): BrokerMessage {
  const { topic, payload = '', qos = 0, retain = false } = source;
  const { topicAlias, subscriptionIdentifier, willDelayInterval, ...properties } = (source.properties ??
    {}) as MessageProperties & { willDelayInterval?: number };
  const expiry = properties.messageExpiryInterval;
  return {
    topic,
    payload: typeof payload === 'string' ? Buffer.from(payload) : Buffer.from(payload),
    qos,
    retain,
    properties,
    expiresAt: expiry === undefined ? undefined : Date.now() + expiry * 1000,
    userPropertyBytes,
  };
}

export function isExpired(message: BrokerMessage): boolean {
  return message.expiresAt !== undefined && message.expiresAt < Date.now();
}

/** Message Expiry Interval for a PUBLISH that is sent now, in seconds [MQTT-3.3.2-6]. */
export function remainingExpirySeconds(message: BrokerMessage): number | undefined {
  if (message.expiresAt === undefined) return undefined;
  return Math.max(0, Math.ceil((message.expiresAt - Date.now()) / 1000));
}
