import type { PublishPacket } from './application-message.js';

/** A message as it is shown to an application's function that finds its key. */
export interface KeyedMessage {
  readonly topic: string;
  /** Values of the pattern's captures. */
  readonly params: Readonly<Record<string, string>>;
  /** The payload, decoded when this is first read. */
  readonly data: unknown;
  readonly packet: PublishPacket;
}
