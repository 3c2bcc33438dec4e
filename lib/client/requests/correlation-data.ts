import { randomBytes, randomInt } from 'node:crypto';

/** By what a reply is known: the number of Correlation Data that was made here; else the bytes, or the topic, as text. */
export type RequestKey = number | string;

const BYTES = 16;
const NUMBER_BYTES = 5;
const PREFIX_BYTES = BYTES - NUMBER_BYTES;
/** ASCII, for peers that take Correlation Data for text and would not give other bytes back as they were. */
const DIGITS = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
const BITS_PER_DIGIT = 6;
const DIGIT_MASK = DIGITS.length - 1;
const NUMBERS = 2 ** (NUMBER_BYTES * BITS_PER_DIGIT);
const VALUES = new Int8Array(256).fill(-1);
for (const [value, digit] of DIGITS.entries()) VALUES[digit] = value;

/**
 * Correlation Data of one client: a number behind a random prefix, 16 bytes in all. One inbox belongs to one process, so that the
 * bytes alone name the request; and as they can be read back into a number, finding a request costs no text.
 */
export class CorrelationData {
  private readonly prefix = randomBytes(PREFIX_BYTES).map((byte) => DIGITS[byte & DIGIT_MASK]!);
  private latest = randomInt(NUMBERS);

  /** A number that has not been used for a thousand million requests. */
  next(): number {
    return (this.latest = (this.latest + 1) % NUMBERS);
  }

  bytesOf(number: number): Buffer {
    const bytes = Buffer.allocUnsafe(BYTES);
    for (let at = 0; at < PREFIX_BYTES; at++) bytes[at] = this.prefix[at]!;
    for (let at = BYTES - 1, rest = number; at >= PREFIX_BYTES; at--, rest >>= BITS_PER_DIGIT)
      bytes[at] = DIGITS[rest & DIGIT_MASK]!;
    return bytes;
  }

  /** Any bytes as a key: equal ones have the same, others another. */
  keyOf(bytes: Buffer): RequestKey {
    const number = this.numberOf(bytes);
    return number < 0 ? bytes.toString('latin1') : number;
  }

  /** @returns -1 for bytes that were not made here */
  private numberOf(bytes: Buffer): number {
    if (bytes.length !== BYTES) return -1;
    for (let at = 0; at < PREFIX_BYTES; at++) if (bytes[at] !== this.prefix[at]) return -1;
    let number = 0;
    for (let at = PREFIX_BYTES; at < BYTES; at++) {
      const value = VALUES[bytes[at]!]!;
      if (value < 0) return -1;
      number = (number << BITS_PER_DIGIT) | value;
    }
    return number;
  }
}
