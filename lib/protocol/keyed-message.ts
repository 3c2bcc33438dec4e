import type { PublishPacket } from './application-message.js';

/** A message, as passed to a function of the application that returns its key. */
export interface KeyedMessage {
  readonly topic: string;
  /** Values of the pattern's captures. */
  readonly params: Readonly<Record<string, string>>;
  /** The payload, decoded on first access. */
  readonly data: unknown;
  readonly packet: PublishPacket;
}
