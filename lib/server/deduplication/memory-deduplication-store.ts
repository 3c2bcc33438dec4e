import type { OutgoingMessage } from '../../protocol/application-message.js';
import type { Claim, DeduplicationStore } from '../../protocol/deduplication-store.js';

interface Entry {
  readonly owner: string;
  /** Undefined while the message is being handled. */
  readonly replies: readonly OutgoingMessage[] | undefined;
  readonly bytes: number;
  /** When the key becomes free, in milliseconds since the epoch. */
  readonly until: number;
}

/** Interval of the removal of expired entries, in milliseconds. */
const SWEEP_EVERY_MS = 10_000;
/** Maximum number of keys, and of bytes in their replies; the oldest are removed. Limits the memory, because keys come from the network. */
const MAX_ENTRIES = 10_000;
const MAX_BYTES = 64 * 1_048_576;

const MINE: Claim = Object.freeze({ state: 'mine' });
const RUNNING: Claim = Object.freeze({ state: 'running' });

/**
 * Deduplication store in the memory of this process. Keeps at most 10,000 messages and 64 MiB of replies, and removes the oldest beyond
 * that.
 */
export class MemoryDeduplicationStore implements DeduplicationStore {
  /** Oldest first. */
  private readonly entries = new Map<string, Entry>();
  private bytes = 0;
  private nextSweep = 0;

  /** Number of keys. */
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

  /** The entry of a key whose last owner is this one. */
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
