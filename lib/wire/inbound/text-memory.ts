/** Longest string that is remembered, in bytes. */
const MAX_BYTES = 64;
/** A string that is not there costs about what two save that are. */
const MISS = 2;
/** For how many strings nothing is looked up, as a multiple of the slots, once that has turned out to be in vain. */
const PAUSE = 64;

/**
 * Strings that came lately, by their bytes: what comes again needs no check and no decoding, and is the same object, whose hash
 * every Map knows then. Where hardly anything comes again it rests, and costs next to nothing.
 */
export class TextMemory {
  private readonly bytes: Uint8Array;
  private readonly lengths: Uint8Array;
  private readonly texts: string[];
  /** Where the string that was asked for last can be put. */
  private slot = 0;
  /** What looking has cost, less what it has saved. */
  private loss = 0;
  private pause = 0;

  /** @param slots how many are remembered at the most, a power of two from 2 on; each takes 64 bytes, and the string */
  constructor(private readonly slots: number) {
    this.bytes = new Uint8Array(slots * MAX_BYTES);
    this.lengths = new Uint8Array(slots);
    this.texts = Array.from({ length: slots }, () => '');
  }

  /** The string that these bytes are, where it is remembered. */
  recall(bytes: Buffer, start: number, end: number): string | undefined {
    const length = end - start;
    if (length > MAX_BYTES || this.pause > 0) return undefined;
    let hash = length; // FNV-1a
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    const first = (hash ^ (hash >>> 15)) & (this.slots - 1);
    const second = first ^ 1;
    if (this.isIn(first, bytes, start, length)) return this.found(first);
    if (this.isIn(second, bytes, start, length)) return this.found(second);
    this.slot = this.slot % 2 === 0 ? first | 1 : first & ~1; // the two take turns
    return undefined;
  }

  /** Remembers a string that has just not been recalled. */
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
