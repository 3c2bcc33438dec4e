import type { OutgoingMessage, QoS } from '../../../../lib/protocol/application-message.js';
import type { Waiting } from '../../../../lib/wire/outbound/publisher.js';

/** What a message does when it has come to its end, within the callback. */
export type Reaction =
  | { readonly kind: 'publish'; readonly message: MessageKind; readonly again?: Reaction }
  | { readonly kind: 'decide'; readonly which: number; readonly decision: DecisionKind };

export type DecisionKind = 'ack' | 'nack' | 'reject';

export interface MessageKind {
  readonly qos: QoS;
  readonly bytes: number;
  /** Seconds. */
  readonly expiry?: number | undefined;
}

/** A message from when it is handed over to its end, and what has been seen of it meanwhile. */
export class SentMessage {
  readonly message: OutgoingMessage;
  waiting: Waiting | undefined;
  withdrawn = false;
  /** How often it has come to its end. */
  ends = 0;
  error: Error | undefined;
  reasonCode = 0;
  /** Packet Identifier, once it has been written. */
  identifier: number | undefined;
  /** How often it has been handed to a stream as a PUBLISH. */
  writes = 0;
  /** The latest session that it has been handed to a stream in. */
  session = -1;
  /** The session in which PUBREC has come, so that the broker has it. */
  releasedIn: number | undefined;
  readonly handedOverAt = Date.now();
  /** What the broker has answered last of all. */
  answer: number | undefined;

  /**
   * @param place in the order in which messages are handed over
   * @param connections how many connections there have been when it is
   */
  constructor(
    readonly place: number,
    readonly connections: number,
    { qos, bytes, expiry }: MessageKind,
    readonly onEnd: () => void,
  ) {
    this.message = {
      topic: `topic/${place % 4}`,
      payload: `${place}:`.padEnd(bytes, 'x'),
      qos,
      retain: place % 5 === 0,
      ...(expiry !== undefined && { properties: { messageExpiryInterval: expiry } }),
    };
  }

  /** Milliseconds since the epoch. */
  get expiresAt(): number {
    return this.handedOverAt + (this.message.properties?.messageExpiryInterval ?? Infinity) * 1_000;
  }

  get over(): boolean {
    return this.ends > 0;
  }

  /** Whether its end says that it has not been sent. */
  get saidToBeUnsent(): boolean {
    const { error } = this;
    if (!error || !this.over) return false;
    if ('maybeExecuted' in error) return error.maybeExecuted === false;
    return error.name === 'MessageExpiredError' || error.name === 'BackpressureError';
  }
}
