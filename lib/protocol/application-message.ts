/** Quality of Service level (section 4.3): at most once, at least once, exactly once. */
export type QoS = 0 | 1 | 2;

/** User Properties (section 3.3.2.3.7): a repeated name has an array of its values, in order. */
export type UserProperties = Record<string, string | string[]>;

/** Properties of an Application Message (section 3.3.2.3); none of them exists on 3.1.1. */
export interface MessageProperties {
  payloadFormatIndicator?: boolean;
  /** Message Expiry Interval, in seconds. */
  messageExpiryInterval?: number;
  topicAlias?: number;
  responseTopic?: string;
  correlationData?: Buffer;
  userProperties?: UserProperties;
  /** On received messages: the identifiers of the subscriptions that matched. */
  subscriptionIdentifier?: number | number[];
  contentType?: string;
}

/** A PUBLISH packet to send. */
export interface OutgoingMessage {
  readonly topic: string;
  readonly payload: Buffer | string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties?: MessageProperties | undefined;
}

/** A received PUBLISH packet. */
export interface PublishPacket {
  readonly cmd?: 'publish';
  /** Topic Name; a Topic Alias is already resolved. */
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly dup: boolean;
  /** Packet Identifier; undefined at QoS 0. */
  readonly messageId?: number | undefined;
  /** Remaining Length, in bytes (section 2.1.4). */
  readonly length?: number | undefined;
  readonly properties?: MessageProperties | undefined;
}
