import type { MessageProperties, QoS } from './application-message.js';

/** A message that its handler has given up, and why. */
export interface DeadLetter {
  /** When it was given up, in milliseconds since the epoch, by the clock of the process. */
  readonly time: number;
  /** Pattern of the handler, as it is written. */
  readonly pattern: string;
  /** Group of the handler's Shared Subscription. */
  readonly group: string | undefined;
  /** Class and method of the handler, where a decorator of this package stands on them: `TelemetryController.temperature()`. */
  readonly handler: string | undefined;
  /** How often the handler ran, retries included. */
  readonly attempts: number;
  /** Why the handler failed, in words, 1,024 characters at most. */
  readonly reason: string;
  /** Name of the error, where one was thrown, and `deadLetterReason` does not mask it. */
  readonly error: string | undefined;
  /** How often it has been replayed. */
  readonly replays: number;
  /** Topic that the message came on. */
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  /** Properties of the message (5.0), without those of the connection that it came on. */
  readonly properties: MessageProperties | undefined;
}

/** A dead letter in a store. */
export interface KeptDeadLetter extends DeadLetter {
  /** The store's name for it. */
  readonly id: string;
}
