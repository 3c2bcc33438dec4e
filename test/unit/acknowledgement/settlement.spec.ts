import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Settlement } from '../../../lib/acknowledgement/settlement.js';
import { ACK, NACK, type Decision } from '../../../lib/protocol/delivery.js';

const reject: Decision = { kind: 'reject', reasonCode: 0x83 };

function settle(handlers: number, decisions: readonly Decision[]): Decision[] {
  const decided: Decision[] = [];
  const settlement = new Settlement({ decide: (decision) => void decided.push(decision) }, handlers);
  for (const decision of decisions) settlement.decide(decision);
  return decided;
}

describe('Settlement', () => {
  it.each<[string, Decision[], Decision]>([
    ['one acknowledges', [ACK], ACK],
    ['all acknowledge', [ACK, ACK, ACK], ACK],
    ['one of them refuses', [ACK, reject, ACK], reject],
    ['one of them withholds', [reject, NACK, ACK], NACK],
    ['the first of equals counts', [reject, { kind: 'reject', reasonCode: 0x87 }], reject],
  ])('settles once: %s', (_, decisions, expected) => {
    expect(settle(decisions.length, decisions)).toEqual([expected]);
  });

  it('waits for all handlers, and lets the strictest win, whatever the order', () => {
    const strictness = [ACK, reject, NACK];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...strictness), { minLength: 1, maxLength: 8 }), (decisions) => {
        expect(settle(decisions.length, decisions.slice(1))).toEqual([]);
        const strictest = Math.max(...decisions.map((one) => strictness.indexOf(one)));
        expect(settle(decisions.length, decisions)).toEqual([strictness[strictest]]);
      }),
    );
  });
});
