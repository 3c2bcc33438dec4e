import * as fc from 'fast-check';

/** The same bytes with something done to them, which their Remaining Length need not follow. */
export function mutated(original: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const change = fc.record({
    kind: fc.constantFrom('set', 'flip', 'drop', 'insert', 'cut'),
    place,
    value: fc.oneof(fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xff), fc.integer({ min: 0, max: 255 })),
  });
  return fc.tuple(original, fc.array(change, { minLength: 1, maxLength: 4 })).map(([packet, changes]) => {
    let result = packet;
    for (const { kind, place: where, value } of changes) {
      // most of what can be wrong stands at the beginning
      const at = Math.floor(where * where * result.length);
      const rest = result.subarray(at + (kind === 'insert' ? 0 : 1));
      const put = kind === 'set' || kind === 'insert' ? [value] : [(result[at] ?? 0) ^ (1 << (value & 7))];
      const middle = kind === 'drop' || kind === 'cut' ? [] : put;
      result = Buffer.concat([result.subarray(0, at), Buffer.from(middle), kind === 'cut' ? Buffer.alloc(0) : rest]);
    }
    return result;
  });
}

/** A packet again with the Remaining Length that its bytes have, so that a mutation reaches what reads its body. */
export function withItsLength(packet: Buffer): Buffer {
  let body = 1;
  while (body < Math.min(packet.length, 4) && packet[body]! >= 0x80) body++;
  const rest = packet.subarray(body + 1);
  const length: number[] = [];
  let remaining = rest.length;
  do {
    length.push(remaining >= 0x80 ? (remaining & 0x7f) | 0x80 : remaining);
    remaining >>= 7;
  } while (remaining > 0);
  return Buffer.concat([packet.subarray(0, 1), Buffer.from(length), rest]);
}
