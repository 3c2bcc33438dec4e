import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { CorrelationData } from '../../../../lib/client/requests/correlation-data.js';

describe('CorrelationData', () => {
  it('makes 16 bytes that it has not made before, and that text keeps as they are', () => {
    const correlation = new CorrelationData();
    const made = Array.from({ length: 5_000 }, () => correlation.bytesOf(correlation.next()));
    expect(new Set(made.map((data) => correlation.keyOf(data))).size).toBe(5_000);
    expect(new Set(made.map((data) => data.toString('hex'))).size).toBe(5_000);
    expect(made.filter((data) => data.length !== 16)).toEqual([]);
    expect(made.filter((data) => !Buffer.from(data.toString('utf8')).equals(data))).toEqual([]);
    expect(new CorrelationData().bytesOf(0).equals(correlation.bytesOf(0))).toBe(false);
  });

  it('reads its own bytes back into their number', () => {
    const correlation = new CorrelationData();
    fc.assert(
      fc.property(fc.nat(2 ** 30 - 1), (number) => expect(correlation.keyOf(correlation.bytesOf(number))).toBe(number)),
    );
    expect(new CorrelationData().keyOf(correlation.bytesOf(7))).toEqual(expect.any(String)); // another client's
  });

  it('tells any bytes apart', () => {
    const correlation = new CorrelationData();
    const own = fc.nat(70).map((number) => correlation.bytesOf(number));
    const spoilt = fc
      .tuple(own, fc.nat(15), fc.nat(255))
      .map(([bytes, at, value]) => (bytes.fill(value, at, at + 1), bytes));
    const any = fc.oneof(
      own,
      spoilt,
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(any, any, (first, second) => {
        expect(correlation.keyOf(first) === correlation.keyOf(second)).toBe(first.equals(second));
      }),
      { numRuns: 1_000 },
    );
  });
});
