import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ACK, NACK, type Decision } from '../../../../lib/protocol/delivery.js';
import { AcknowledgementLine } from '../../../../lib/wire/inbound/acknowledgement-line.js';

interface Entry {
  readonly id: number;
  decision: Decision | undefined;
}

class Bench {
  readonly released: Entry[] = [];
  readonly entries: Entry[] = [];
  readonly line = new AcknowledgementLine<Entry>((entry) => void this.released.push(entry));

  arrive(): void {
    const entry: Entry = { id: this.entries.length, decision: undefined };
    this.entries.push(entry);
    this.line.push(entry);
  }

  decide(id: number, decision: Decision = ACK): void {
    const entry = this.entries[id]!;
    entry.decision ??= decision;
    this.line.flush();
  }

  get releasedIds(): number[] {
    return this.released.map(({ id }) => id);
  }
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** [how many arrive before the next decision, which of the undecided is decided, how] */
const steps = fc.array(
  fc.tuple(fc.nat(5), fc.nat(), fc.constantFrom<Decision>(ACK, ACK, NACK, { kind: 'reject', reasonCode: 0x83 })),
  { maxLength: 200, size: 'max' },
);

describe('AcknowledgementLine [MQTT-4.6.0-2]', () => {
  it('releases in the order of arrival, each once, as soon as all before it are decided, whatever the order of decisions', () => {
    fc.assert(
      fc.property(steps, (actions) => {
        const bench = new Bench();
        for (const [arrivals, which, decision] of actions) {
          for (let i = 0; i < arrivals; i++) bench.arrive();
          const undecided = bench.entries.filter((entry) => !entry.decision);
          if (undecided.length > 0) bench.decide(undecided[which % undecided.length]!.id, decision);
        }
        const firstUndecided = bench.entries.findIndex((entry) => !entry.decision);
        const expected = firstUndecided < 0 ? bench.entries.length : firstUndecided;
        expect(bench.releasedIds).toEqual(upTo(expected));
        expect(bench.line.isEmpty).toBe(expected === bench.entries.length);
        for (const { id } of bench.entries) bench.decide(id);
        expect(bench.releasedIds).toEqual(upTo(bench.entries.length));
        expect(bench.line.isEmpty).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('hands on what was decided, withheld messages too: they hold up nobody', () => {
    const decided: Decision[] = [];
    const line = new AcknowledgementLine<Entry>((_, decision) => void decided.push(decision));
    line.push({ id: 0, decision: NACK });
    line.push({ id: 1, decision: ACK });
    line.flush();
    expect(decided).toEqual([NACK, ACK]);
  });

  it.each([1_023, 1_024, 1_025, 5_000])('stays in order while %i released entries are dropped in bulk', (count) => {
    const bench = new Bench();
    for (let i = 0; i < count + 10; i++) bench.arrive();
    for (let i = 0; i < count; i++) bench.decide(i);
    bench.arrive();
    for (let i = count + 10; i >= count; i--) bench.decide(i);
    expect(bench.releasedIds).toEqual(upTo(count + 11));
    expect(bench.line.isEmpty).toBe(true);
  });

  it('does not keep what it has released, although it never becomes empty', () => {
    const bench = new Bench();
    bench.arrive();
    for (let i = 0; i < 20_000; i++) {
      bench.arrive();
      bench.decide(i);
    }
    const held = Object.values(bench.line).find(Array.isArray) as unknown[];
    expect(held.length).toBeLessThanOrEqual(1_026);
  });

  it('releases nothing of a connection that is gone, and starts anew', () => {
    const bench = new Bench();
    bench.arrive();
    bench.arrive();
    bench.decide(1);
    bench.line.clear();
    expect(bench.line.isEmpty).toBe(true);
    bench.arrive();
    bench.decide(0);
    bench.decide(2);
    expect(bench.releasedIds).toEqual([2]);
  });
});
