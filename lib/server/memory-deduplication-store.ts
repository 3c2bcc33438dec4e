import type { OutgoingMessage } from '../protocol/application-message.js';
import type { DeduplicationStore } from '../protocol/deduplication-store.js';

interface Kept {
  readonly replies: readonly OutgoingMessage[];
  readonly until: number;
}

/** How often what has expired is looked for, in milliseconds. */
const SWEEP_EVERY_MS = 10_000;

/** Replies in the memory of this process. */
export class MemoryDeduplicationStore implements DeduplicationStore {
  private readonly kept = new Map<string, Kept>();
  private nextSweep = 0;

  get size(): number {
    return this.kept.size;
  }

  get(key: string): readonly OutgoingMessage[] | undefined {
    const entry = this.kept.get(key);
    return entry && entry.until > Date.now() ? entry.replies : undefined;
  }

  set(key: string, replies: readonly OutgoingMessage[], ttl: number): void {
    const now = Date.now();
    this.kept.set(key, { replies, until: now + ttl });
    if (now < this.nextSweep) return;
    this.nextSweep = now + SWEEP_EVERY_MS;
    for (const [old, { until }] of this.kept) if (until <= now) this.kept.delete(old);
  }
}
