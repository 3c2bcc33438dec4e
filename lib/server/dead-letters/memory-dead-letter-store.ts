import { DeadLetterError } from '../../errors/dead-letter.error.js';
import {
  isMeant,
  type DeadLetterClaim,
  type DeadLetterFailure,
  type DeadLetterFilter,
  type DeadLetterPage,
  type DeadLetterRange,
  type DeadLetterStore,
} from '../../protocol/dead-letter-store.js';
import type { DeadLetter, KeptDeadLetter } from '../../protocol/dead-letter.js';

/** Options of {@link MemoryDeadLetterStore}. */
export interface MemoryDeadLetterOptions {
  /** Letters that are kept; more are refused. Default 10_000. */
  maxLetters?: number;
}

interface Entry {
  readonly number: number;
  letter: KeptDeadLetter;
  owner: string | undefined;
  /** When the lease ends, in milliseconds since the epoch. */
  until: number;
}

const DEFAULT_MAX_LETTERS = 10_000;
/** Bytes of payload that are kept. */
const MAX_BYTES = 64 * 1_048_576;

/**
 * Keeps dead letters in the memory of this process, at most 64 MiB of payloads: they are lost when it ends. For tests, and for letters
 * that may be lost.
 */
export class MemoryDeadLetterStore implements DeadLetterStore {
  /** In the order in which they were added. */
  private readonly entries = new Map<string, Entry>();
  private readonly maxLetters: number;
  private latest = 0;
  private bytes = 0;

  constructor({ maxLetters = DEFAULT_MAX_LETTERS }: MemoryDeadLetterOptions = {}) {
    this.maxLetters = maxLetters;
  }

  /** Letters that are kept. */
  get size(): number {
    return this.entries.size;
  }

  add(letter: DeadLetter): string {
    const { size } = this.entries;
    const bytes = this.bytes + letter.payload.length;
    if (size >= this.maxLetters || bytes > MAX_BYTES)
      throw new DeadLetterError(
        'full',
        `The dead letter store is full: it has ${size} letters. Replay or discard some.`,
      );
    const number = ++this.latest;
    const id = String(number);
    this.bytes = bytes;
    const payload = Buffer.from(letter.payload); // and not the packet that it is a part of
    this.entries.set(id, { number, letter: { ...letter, payload, id }, owner: undefined, until: 0 });
    return id;
  }

  get(id: string): KeptDeadLetter | undefined {
    return this.entries.get(id)?.letter;
  }

  list(filter: DeadLetterFilter, { limit, from, newestFirst = false }: DeadLetterRange): DeadLetterPage {
    const letters: KeptDeadLetter[] = [];
    const entries = newestFirst ? [...this.entries.values()].toReversed() : this.entries.values();
    const begin = from === undefined ? undefined : Number(from);
    for (const { number, letter } of entries) {
      if (begin !== undefined && (newestFirst ? number >= begin : number <= begin)) continue;
      if (!isMeant(letter, filter)) continue;
      if (letters.length === limit) return { letters, next: letters.at(-1)!.id };
      letters.push(letter);
    }
    return { letters, next: undefined };
  }

  claim(id: string, owner: string, leaseMs: number): DeadLetterClaim {
    const entry = this.entries.get(id);
    if (!entry) return { state: 'unknown' };
    if (entry.owner !== owner) {
      if (entry.owner !== undefined && entry.until > Date.now()) return { state: 'claimed' };
      entry.owner = owner;
      entry.letter = { ...entry.letter, replays: entry.letter.replays + 1 };
    }
    entry.until = Date.now() + leaseMs;
    return { state: 'mine', letter: entry.letter };
  }

  renew(id: string, owner: string, leaseMs: number): boolean {
    const entry = this.entries.get(id);
    if (entry?.owner !== owner) return false;
    entry.until = Date.now() + leaseMs;
    return true;
  }

  release(id: string, owner: string, failure?: DeadLetterFailure): void {
    const entry = this.entries.get(id);
    if (entry?.owner !== owner) return;
    const { letter } = entry;
    entry.owner = undefined;
    entry.letter = failure ? { ...letter, ...failure } : { ...letter, replays: letter.replays - 1 };
  }

  remove(id: string, owner: string): boolean {
    const entry = this.entries.get(id);
    if (entry?.owner !== owner) return false;
    this.bytes -= entry.letter.payload.length;
    return this.entries.delete(id);
  }
}
