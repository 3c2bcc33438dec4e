import type { PublishPacket } from '../protocol/application-message.js';

/** A message as it came off the wire, shared by the handlers that run for it. */
export interface ReceivedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly packet: PublishPacket;
  /** When the broker's patience with it ends, in milliseconds since the epoch; `Infinity` for never. */
  readonly expiresAt: number;
}
