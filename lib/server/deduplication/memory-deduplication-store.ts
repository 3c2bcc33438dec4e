import type { OutgoingMessage } from '../../protocol/application-message.js';
import type { DeduplicationStore } from '../../protocol/deduplication-store.js';

interface Kept {
  readonly replies: readonly OutgoingMessage[];
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** How often what has expired is looked for, in milliseconds. */
const SWEEP_EVERY_MS = 10_000;
/** Replies are kept no longer than this, in milliseconds, whatever expiry the caller chose for its request: an hour. */
const LONGEST_TTL_MS = 3_600_000;
/** Requests whose replies are kept, and bytes of payload in them: the oldest make room. Whoever sends requests chooses the keys. */
const MAX_ENTRIES = 10_000;
const MAX_BYTES = 64 * 1_048_576;

/** Replies in the memory of this process, which they cannot fill. */
export class MemoryDeduplicationStore implements DeduplicationStore {
  /** Oldest first. */
  private readonly kept = new Map<string, Kept>();
  private bytes = 0;
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
    let bytes = 0;
    for (const { payload } of replies) bytes += payload.length;
    this.delete(key);
    this.kept.set(key, { replies, bytes, until: now + Math.min(ttl, LONGEST_TTL_MS) });
    this.bytes += bytes;
    this.makeRoom();
    if (now < this.nextSweep) return;
    this.nextSweep = now + SWEEP_EVERY_MS;
    for (const [old, { until }] of this.kept) if (until <= now) this.delete(old);
  }

  private makeRoom(): void {
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= MAX_ENTRIES && this.bytes <= MAX_BYTES) return;
      this.delete(oldest);
    }
  }

  private delete(key: string): void {
    this.bytes -= this.kept.get(key)?.bytes ?? 0;
    this.kept.delete(key);
  }
}
