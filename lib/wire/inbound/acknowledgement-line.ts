import type { Decision } from '../../protocol/delivery.js';

interface Entry {
  decision: Decision | undefined;
}

/**
 * Orders acknowledgements: they are sent in the order in which their messages arrived [MQTT-4.6.0-2, MQTT-4.6.0-3].
 *
 * A withheld message (`nack`) is skipped: it does not block later ones.
 */
export class AcknowledgementLine<E extends Entry> {
  private entries: E[] = [];
  private head = 0;

  constructor(private readonly release: (entry: E, decision: Decision) => void) {}

  push(entry: E): void {
    this.entries.push(entry);
  }

  /** Releases all decided entries, up to the first undecided one. */
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

  /** Removes undecided entries, and releases the decided ones behind them. */
  skipUndecided(): void {
    this.entries = this.entries.filter((entry, place) => place >= this.head && entry.decision);
    this.head = 0;
    this.flush();
  }

  /** Whether everything that arrived has been released. */
  get isEmpty(): boolean {
    return this.entries.length === this.head;
  }

  /** Clears the line when its connection has ended: no acknowledgement may be sent for it any more. */
  clear(): void {
    this.entries = [];
    this.head = 0;
  }
}

/** Released entries are removed in bulk: `shift()` would move all others each time. */
const COMPACT_AT = 1_024;
