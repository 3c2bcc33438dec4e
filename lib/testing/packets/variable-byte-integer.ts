/** Maximum size of a Variable Byte Integer (section 1.5.5). */
export const MAX_VARIABLE_BYTES = 4;

/** @throws RangeError when `bytes` ends before the integer does, or the integer is too long */
export function readVariableByteInteger(bytes: Buffer, at: number): { value: number; length: number } {
  let value = 0;
  for (let i = 0; i < MAX_VARIABLE_BYTES; i++) {
    const byte = bytes.readUInt8(at + i);
    value += (byte & 0x7f) * 128 ** i;
    if (byte < 0x80) return { value, length: i + 1 };
  }
  throw new RangeError('A Variable Byte Integer takes at most four bytes');
}

export function variableByteInteger(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    const byte = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? byte | 0x80 : byte);
  } while (rest > 0);
  return Buffer.from(bytes);
}
