/** Maximum size of a cached string, in bytes. */
const MAX_BYTES = 64;
/** The cost of a miss, in multiples of what a hit saves. */
const MISS = 2;
/** How many strings bypass the cache after too many misses, as a multiple of the slots. */
const PAUSE = 64;

/**
 * A cache of recent strings, by their bytes: a repeated string needs neither validation nor decoding, and is the same object, whose hash is
 * already computed. With few repetitions it pauses, and then costs almost nothing.
 */
export class TextMemory {
  private readonly bytes: Uint8Array;
  private readonly lengths: Uint8Array;
  private readonly texts: string[];
  /** Slot for the string of the last look-up. */
  private slot = 0;
  /** Cost of the look-ups minus their savings. */
  private loss = 0;
  private pause = 0;

  /** @param slots maximum number of strings, a power of two of at least 2; each takes 64 bytes, and the string */
  constructor(private readonly slots: number) {
    this.bytes = new Uint8Array(slots * MAX_BYTES);
    this.lengths = new Uint8Array(slots);
    this.texts = Array.from({ length: slots }, () => '');
  }

  /** The cached string of these bytes; undefined on a miss. */
  recall(bytes: Buffer, start: number, end: number): string | undefined {
    const length = end - start;
    if (length > MAX_BYTES || this.pause > 0) return undefined;
    let hash = length; // FNV-1a
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    const first = (hash ^ (hash >>> 15)) & (this.slots - 1);
    const second = first ^ 1;
    if (this.isIn(first, bytes, start, length)) return this.found(first);
    if (this.isIn(second, bytes, start, length)) return this.found(second);
    this.slot = this.slot % 2 === 0 ? first | 1 : first & ~1; // the two slots alternate
    return undefined;
  }

  /** Caches a string after a miss. */
  remember(bytes: Buffer, start: number, end: number, text: string): void {
    const length = end - start;
    if (length > MAX_BYTES) return;
    if (this.pause > 0) {
      this.pause--;
      return;
    }
    const { slot, slots } = this;
    let to = slot * MAX_BYTES;
    for (let at = start; at < end; at++) this.bytes[to++] = bytes[at]!;
    this.lengths[slot] = length;
    this.texts[slot] = text;
    this.loss += MISS;
    if (this.loss < MISS * slots) return;
    this.loss = 0;
    this.pause = PAUSE * slots;
  }

  private found(slot: number): string {
    if (this.loss > 0) this.loss--;
    return this.texts[slot]!;
  }

  private isIn(slot: number, bytes: Buffer, start: number, length: number): boolean {
    if (this.lengths[slot] !== length) return false;
    const known = this.bytes;
    let at = slot * MAX_BYTES;
    for (let other = start; other < start + length; other++) if (known[at++] !== bytes[other]) return false;
    return true;
  }
}
