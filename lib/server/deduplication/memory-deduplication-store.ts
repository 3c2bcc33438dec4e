import type { OutgoingMessage } from '../../protocol/application-message.js';
import type { Claim, DeduplicationStore } from '../../protocol/deduplication-store.js';

interface Entry {
  readonly owner: string;
  /** Undefined while it is worked on. */
  readonly replies: readonly OutgoingMessage[] | undefined;
  readonly bytes: number;
  /** When it is free again, in milliseconds since the epoch. */
  readonly until: number;
}

/** How often what has expired is looked for, in milliseconds. */
const SWEEP_EVERY_MS = 10_000;
/** Keys that are kept, and bytes of payload in their replies: the oldest make room. Whoever sends messages chooses the keys. */
const MAX_ENTRIES = 10_000;
const MAX_BYTES = 64 * 1_048_576;

const MINE: Claim = Object.freeze({ state: 'mine' });
const RUNNING: Claim = Object.freeze({ state: 'running' });

/**
 * What has been handled, in the memory of this process, which it cannot fill: of more than 10,000 messages, or 64 MiB of replies, the
 * oldest are forgotten.
 */
export class MemoryDeduplicationStore implements DeduplicationStore {
  /** Oldest first. */
  private readonly entries = new Map<string, Entry>();
  private bytes = 0;
  private nextSweep = 0;

  /** Keys that are known. */
  get size(): number {
    return this.entries.size;
  }

  claim(key: string, owner: string, leaseMs: number): Claim {
    const entry = this.alive(key);
    if (entry?.replies) return { state: 'done', replies: entry.replies };
    if (entry && entry.owner !== owner) return RUNNING;
    this.put(key, owner, undefined, leaseMs);
    return MINE;
  }

  renew(key: string, owner: string, leaseMs: number): boolean {
    if (!this.isOpenFor(key, owner)) return false;
    this.put(key, owner, undefined, leaseMs);
    return true;
  }

  complete(key: string, owner: string, replies: readonly OutgoingMessage[], ttlMs: number): boolean {
    if (!this.isOpenFor(key, owner)) return false;
    this.put(key, owner, replies, ttlMs);
    return true;
  }

  release(key: string, owner: string): void {
    const entry = this.entries.get(key);
    if (entry?.owner === owner && !entry.replies) this.delete(key);
  }

  /** Whether a key is this owner's, or was, and nobody has claimed it since. */
  private isOpenFor(key: string, owner: string): boolean {
    const entry = this.alive(key);
    return !entry || (entry.owner === owner && !entry.replies);
  }

  private alive(key: string): Entry | undefined {
    const entry = this.entries.get(key);
    return entry && entry.until > Date.now() ? entry : undefined;
  }

  private put(key: string, owner: string, replies: Entry['replies'], forMs: number): void {
    const now = Date.now();
    let bytes = 0;
    for (const { payload } of replies ?? []) bytes += payload.length;
    this.delete(key);
    this.entries.set(key, { owner, replies, bytes, until: now + forMs });
    this.bytes += bytes;
    this.makeRoom();
    if (now < this.nextSweep) return;
    this.nextSweep = now + SWEEP_EVERY_MS;
    for (const [old, { until }] of this.entries) if (until <= now) this.delete(old);
  }

  private makeRoom(): void {
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= MAX_ENTRIES && this.bytes <= MAX_BYTES) return;
      this.delete(oldest);
    }
  }

  private delete(key: string): void {
    this.bytes -= this.entries.get(key)?.bytes ?? 0;
    this.entries.delete(key);
  }
}
