import { isUtf8 } from 'node:buffer';
import { malformed } from './protocol-violation.js';

/** Methods of Buffer that its types do not declare; `toString` looks up the encoding first, which takes 20% longer. */
interface Slicer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
}

/** Up to this many bytes, a loop is faster than native calls. */
const SHORT = 64;

/**
 * Offset after the UTF-8 Encoded String or Binary Data whose length is at `at` (sections 1.5.4 and 1.5.6).
 *
 * @param end maximum offset
 * @param what name of the field, for errors
 * @throws ProtocolViolation when it is longer
 */
export function endOfString(bytes: Buffer, at: number, end: number, what: string): number {
  const from = at + 2;
  const to = from > end ? Infinity : from + ((bytes[at]! << 8) | bytes[at + 1]!);
  if (to > end) throw malformed(`The ${what} is longer than its packet (section 1.5.4)`);
  return to;
}

/**
 * Decodes the characters of a UTF-8 Encoded String between `start` and `end`.
 *
 * @param what name of the field, for errors
 * @throws ProtocolViolation when it is not valid
 */
export function readUtf8String(bytes: Buffer, start: number, end: number, what: string): string {
  if (isShortAscii(bytes, start, end)) return (bytes as unknown as Slicer).latin1Slice(start, end);
  checkLongString(bytes, start, end, what);
  return (bytes as unknown as Slicer).utf8Slice(start, end);
}

/** Validates like {@link readUtf8String}, without decoding. */
export function checkUtf8String(bytes: Buffer, start: number, end: number, what: string): void {
  if (!isShortAscii(bytes, start, end)) checkLongString(bytes, start, end, what);
}

function isShortAscii(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > SHORT) return false;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === 0 || byte > 0x7f) return false;
  }
  return true;
}

function checkLongString(bytes: Buffer, start: number, end: number, what: string): void {
  const string = bytes.subarray(start, end);
  if (!isUtf8(string)) throw malformed(`The ${what} is not well-formed UTF-8 [MQTT-1.5.4-1]`);
  if (string.includes(0)) throw malformed(`The ${what} contains the null character U+0000 [MQTT-1.5.4-2]`);
}
