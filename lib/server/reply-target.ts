import type { PublishPacket, QoS } from '../protocol/application-message.js';

/** Where the replies to one request go, and what they inherit from it. */
export interface ReplyTarget {
  readonly topic: string;
  /** Topic of the request, for errors and logs. */
  readonly requestTopic: string;
  readonly correlationData: Buffer | undefined;
  /** QoS that the request arrived with. */
  readonly qos: QoS;
  /** When the request expires, in milliseconds since the epoch; `Infinity` when it does not. */
  readonly expiresAt: number;
  /** Set when the request came in Nest's envelope: replies go in it too, and carry this. */
  readonly envelopeId: string | undefined;
}

/** When the broker's patience with a message ends (section 3.3.2.3.3), in milliseconds since the epoch. */
export function expiryOf({ properties }: PublishPacket): number {
  const seconds = properties?.messageExpiryInterval;
  return seconds === undefined ? Infinity : Date.now() + seconds * 1_000;
}
