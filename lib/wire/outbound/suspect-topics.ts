import { ExpiringSet } from '../../collections/expiring-set.js';
import type { OutgoingMessage } from '../../protocol/application-message.js';
import { MAX_REFUSED, REFUSED_FOR_MS, type Loss } from '../connection/loss.js';

/** Messages before the end of a connection that may have ended it. */
const REMEMBERED = 1_024;
/** So few topics are suspects at once; of more, those that were written before two ends in a row. */
const FEW = 8;
/** So much of a payload tells messages apart. */
const COMPARED = 512;

/**
 * Topics of QoS 0 messages over which the broker may have ended the connection. Nothing says whether a QoS 0 message has been
 * taken, and its sender, as the handler of a redelivered request, may send the like of it again on the next connection: messages to
 * a suspect topic go out alone, and when the connection ends over one, the topic is refused for a while.
 *
 * @internal
 */
export class SuspectTopics {
  private readonly written: string[] = [];
  private count = 0;
  private previous: ReadonlySet<string> = new Set();
  private readonly suspects = new Set<string>();
  private readonly refused = new ExpiringSet<string>(REFUSED_FOR_MS, MAX_REFUSED);

  /** Whether nothing is known against any topic. */
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

  /** Whether a QoS 1 or 2 message is the one again that was given up: as the dead letter of a redelivered message is. */
  isRefusedAgain(message: OutgoingMessage): boolean {
    return this.refused.has(contentsOf(message));
  }

  /** The broker has taken a message to the topic. */
  clear(topic: string): void {
    this.suspects.delete(topic);
  }

  /** The connection ended over a message to the topic that was sent alone. */
  refuse(topic: string): void {
    this.suspects.delete(topic);
    this.refused.add(topic);
  }

  /** It was not that message after all. */
  pardon(topic: string): void {
    this.refused.delete(topic);
  }

  /** A QoS 1 or 2 message was given up. Others to its topic may be harmless. */
  refuseAgain(message: OutgoingMessage): void {
    this.refused.add(contentsOf(message));
  }

  /** The connection is gone. */
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

  /** The broker could not be reached: it was not a message that ended the connection. */
  trustAll(): void {
    this.suspects.clear();
    this.previous = new Set();
  }
}

/** By what a message is known again; no topic looks like it. */
function contentsOf({ topic, payload }: OutgoingMessage): string {
  const beginning = payload.slice(0, COMPARED);
  return `${topic}\0${payload.length}\0${typeof beginning === 'string' ? beginning : beginning.toString('latin1')}`;
}
