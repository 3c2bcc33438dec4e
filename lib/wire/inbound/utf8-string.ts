import { isUtf8 } from 'node:buffer';
import { malformed } from './protocol-violation.js';

/** Decoders of a Buffer that its types leave out; `toString` looks up the encoding first, which takes a fifth longer. */
interface Slicer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
}

/** Up to here, in bytes, a loop is faster than the calls that look at many bytes at once. */
const SHORT = 64;

/**
 * Offset behind the UTF-8 Encoded String, or the Binary Data, whose length stands at `at` (sections 1.5.4 and 1.5.6).
 *
 * @param end where it has to end
 * @param what names it
 * @throws ProtocolViolation when it does not
 */
export function endOfString(bytes: Buffer, at: number, end: number, what: string): number {
  const from = at + 2;
  const to = from > end ? Infinity : from + ((bytes[at]! << 8) | bytes[at + 1]!);
  if (to > end) throw malformed(`The ${what} is longer than what holds it (section 1.5.4)`);
  return to;
}

/**
 * The characters of a UTF-8 Encoded String, which stand from `start` to `end`.
 *
 * @param what names the string
 * @throws ProtocolViolation where it is none
 */
export function readUtf8String(bytes: Buffer, start: number, end: number, what: string): string {
  if (isShortAscii(bytes, start, end)) return (bytes as unknown as Slicer).latin1Slice(start, end);
  checkLongString(bytes, start, end, what);
  return (bytes as unknown as Slicer).utf8Slice(start, end);
}

/** Checks what {@link readUtf8String} reads, and does not read it. */
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
