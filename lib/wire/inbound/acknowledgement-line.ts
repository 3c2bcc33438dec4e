import type { Decision } from '../../protocol/delivery.js';

interface Entry {
  decision: Decision | undefined;
}

/**
 * Holds back acknowledgements so that they leave in the order in which their messages arrived [MQTT-4.6.0-2, MQTT-4.6.0-3].
 *
 * A withheld message (`nack`) is skipped: it does not hold up those behind it.
 */
export class AcknowledgementLine<E extends Entry> {
  private entries: E[] = [];
  private head = 0;

  constructor(private readonly release: (entry: E, decision: Decision) => void) {}

  push(entry: E): void {
    this.entries.push(entry);
  }

  /** Releases all that are decided, up to the first one that is not. */
  flush(): void {
    const { entries } = this;
    while (this.head < entries.length) {
      const entry = entries[this.head]!;
      if (!entry.decision) break;
      this.head++;
      this.release(entry, entry.decision);
    }
    if (this.head === entries.length) {
      entries.length = 0;
      this.head = 0;
    } else if (this.head >= COMPACT_AT) {
      entries.splice(0, this.head);
      this.head = 0;
    }
  }

  /** Gives up on what is not decided, so that it no longer holds up what is, and releases that. */
  skipUndecided(): void {
    this.entries = this.entries.filter((entry, place) => place >= this.head && entry.decision);
    this.head = 0;
    this.flush();
  }

  /** Whether everything that arrived has been released. */
  get isEmpty(): boolean {
    return this.entries.length === this.head;
  }

  /** The line of a connection that is gone: nothing in it may be released any more. */
  clear(): void {
    this.entries = [];
    this.head = 0;
  }
}

/** Released entries are dropped in bulk: shifting each one off the front would move all those behind it. */
const COMPACT_AT = 1_024;
