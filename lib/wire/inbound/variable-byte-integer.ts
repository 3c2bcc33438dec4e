import { malformed } from './protocol-violation.js';

/** Most bytes that a Variable Byte Integer takes (section 1.5.5). */
const MAX_BYTES = 4;

/**
 * Bytes that the Variable Byte Integer at `at` takes; 0 when `end` comes before its last byte. A longer form than necessary is
 * accepted: [MQTT-1.5.5-1] forbids it, 3.1.1 does not, and its value is beyond doubt.
 *
 * @param what names the integer
 * @throws ProtocolViolation when it takes more than four
 */
export function variableByteIntegerWidth(bytes: Buffer, at: number, end: number, what: string): number {
  for (let width = 1; width <= MAX_BYTES; width++) {
    if (at + width > end) return 0;
    if (bytes[at + width - 1]! < 0x80) return width;
  }
  throw malformed(`The ${what} takes more than four bytes (section 1.5.5)`);
}

/** Value of the Variable Byte Integer at `at`, which is known to end. */
export function variableByteInteger(bytes: Buffer, at: number): number {
  let value = 0;
  let shift = 0;
  let next = at;
  let byte: number;
  do {
    byte = bytes[next++]!;
    value |= (byte & 0x7f) << shift;
    shift += 7;
  } while (byte >= 0x80);
  return value;
}
