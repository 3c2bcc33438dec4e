import { ExpiringSet } from '../../collections/expiring-set.js';
import type { OutgoingMessage } from '../../protocol/application-message.js';
import { withoutLetterTime } from '../../protocol/dead-letter-json.js';
import { MAX_REFUSED, REFUSED_FOR_MS, type Loss } from '../connection/loss.js';

/** Maximum number of recent messages that may have caused a loss. */
const REMEMBERED = 1_024;
/** Up to this number, all recent topics are suspects; of more, only those sent before two losses in a row. */
const FEW = 8;
/** Number of payload characters compared to recognise a message. */
const COMPARED = 512;

/**
 * Topics of QoS 0 messages because of which the broker may have closed the connection. QoS 0 has no acknowledgement, and a similar message
 * may be sent again on the next connection, for example by the handler of a redelivered request. Therefore messages to a suspect topic are
 * sent alone, and when the connection ends with one, the topic is refused for some time.
 *
 * @internal
 */
export class SuspectTopics {
  private readonly written: string[] = [];
  private count = 0;
  private previous: ReadonlySet<string> = new Set();
  private readonly suspects = new Set<string>();
  private readonly refused = new ExpiringSet<string>(REFUSED_FOR_MS, MAX_REFUSED);

  /** Whether there are no suspects. */
  get isEmpty(): boolean {
    return this.suspects.size === 0 && this.refused.size === 0;
  }

  /** A QoS 0 message is written to the topic. */
  note(topic: string): void {
    this.written[this.count++ % REMEMBERED] = topic;
  }

  isSuspect(topic: string): boolean {
    return this.suspects.has(topic);
  }

  isRefused(topic: string): boolean {
    return this.refused.has(topic);
  }

  /** Whether a QoS 1 or 2 message equals one that was refused, such as the dead letter of a redelivered message. */
  isRefusedAgain(message: OutgoingMessage): boolean {
    return this.refused.has(contentsOf(message));
  }

  /** The broker has accepted a message to the topic. */
  clear(topic: string): void {
    this.suspects.delete(topic);
  }

  /** The connection ended when a message to the topic was sent alone. */
  refuse(topic: string): void {
    this.suspects.delete(topic);
    this.refused.add(topic);
  }

  /** The message was not the cause. */
  allow(topic: string): void {
    this.refused.delete(topic);
  }

  /** A QoS 1 or 2 message is refused. Others to its topic are not. */
  refuseAgain(message: OutgoingMessage): void {
    this.refused.add(contentsOf(message));
  }

  /** The connection was lost. */
  lost(loss: Loss): void {
    const last = new Set(this.written);
    this.written.length = this.count = 0;
    if (!loss.hangUp) {
      this.trustAll();
      return;
    }
    if (this.suspects.size >= REMEMBERED) this.suspects.clear();
    for (const topic of last) {
      if (last.size > FEW && !this.previous.has(topic)) continue;
      this.suspects.add(topic);
      loss.suspected = true;
    }
    this.previous = last;
  }

  /** The broker could not be reached: no message caused the loss. */
  trustAll(): void {
    this.suspects.clear();
    this.previous = new Set();
  }
}

/** Key of a message, which cannot be equal to a topic. */
function contentsOf({ topic, payload }: OutgoingMessage): string {
  const beginning = payload.slice(0, COMPARED);
  const text = typeof beginning === 'string' ? beginning : beginning.toString('latin1');
  return `${topic}\0${payload.length}\0${withoutLetterTime(text)}`;
}
