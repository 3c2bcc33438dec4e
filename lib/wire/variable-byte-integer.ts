import { malformed } from './inbound/protocol-violation.js';

/** Maximum size of a Variable Byte Integer (section 1.5.5). */
const MAX_BYTES = 4;

/**
 * Size of the Variable Byte Integer at `at`; 0 when it does not end before `end`. A longer form than necessary is accepted: [MQTT-1.5.5-1]
 * forbids it, 3.1.1 does not, and its value is unambiguous.
 *
 * @param what name of the field, for errors
 * @throws ProtocolViolation when it has more than four bytes
 */
export function variableByteIntegerWidth(bytes: Buffer, at: number, end: number, what: string): number {
  for (let width = 1; width <= MAX_BYTES; width++) {
    if (at + width > end) return 0;
    if (bytes[at + width - 1]! < 0x80) return width;
  }
  throw malformed(`The ${what} has more than four bytes (section 1.5.5)`);
}

/** Value of the complete Variable Byte Integer at `at`. */
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

/** Size of the Variable Byte Integer of this value. */
export function sizeOfVariableByteInteger(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  return value < 0x20_0000 ? 3 : 4;
}

/** Writes a Variable Byte Integer into `target` at `start`. @returns the offset after it */
export function writeVariableByteInteger(target: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  while (rest >= 0x80) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[at++] = rest;
  return at;
}
