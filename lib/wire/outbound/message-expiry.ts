import { MessageExpiredError } from '../../errors/message-expired.error.js';
import type { OutgoingMessage } from '../../protocol/application-message.js';

/** When a message that is published now expires (section 3.3.2.3.3), in milliseconds since the epoch; `Infinity` for never. */
export function expiryTime({ properties }: OutgoingMessage): number {
  const seconds = properties?.messageExpiryInterval;
  return seconds === undefined ? Infinity : Date.now() + seconds * 1_000;
}

export function hasExpired(expiresAt: number): boolean {
  return expiresAt !== Infinity && expiresAt <= Date.now();
}

/** The message with the remaining seconds of its Message Expiry Interval, at least 1. */
export function withRemainingExpiry(message: OutgoingMessage, expiresAt = Infinity): OutgoingMessage {
  if (expiresAt === Infinity) return message;
  const remaining = Math.max(1, Math.ceil((expiresAt - Date.now()) / 1_000));
  const { properties } = message;
  if (remaining >= properties!.messageExpiryInterval!) return message;
  return { ...message, properties: { ...properties, messageExpiryInterval: remaining } };
}

export function expiredError({ topic, properties }: OutgoingMessage): MessageExpiredError {
  return new MessageExpiredError(topic, properties!.messageExpiryInterval!);
}
