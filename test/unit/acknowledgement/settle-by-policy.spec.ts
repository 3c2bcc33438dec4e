import { describe, expect, it } from '@jest/globals';
import { RpcException } from '@nestjs/microservices';
import * as fc from 'fast-check';
import { AckMessage, NackMessage, RejectMessage } from '../../../lib/acknowledgement/acknowledgement-exceptions.js';
import {
  decisionOfException,
  decisionOfPolicy,
  SUCCESS,
  type Outcome,
} from '../../../lib/acknowledgement/settle-by-policy.js';
import { AckPolicy } from '../../../lib/options/ack-policy.js';
import { utf8StringProblem } from '../../../lib/protocol/utf8-string.js';

const rejectReasonCode = 0x97;
const failure: Outcome = { failed: true, error: new Error('broken') };
const rejected = { kind: 'reject', reasonCode: rejectReasonCode, reasonString: 'broken' };

describe('decisionOfPolicy', () => {
  const table: [AckPolicy, object | undefined, object | undefined][] = [
    [AckPolicy.ACK, { kind: 'ack' }, { kind: 'ack' }],
    [AckPolicy.ACK_FIRST, { kind: 'ack' }, { kind: 'ack' }],
    [AckPolicy.REJECT_ON_ERROR, { kind: 'ack' }, rejected],
    [AckPolicy.NACK_ON_ERROR, { kind: 'ack' }, { kind: 'nack', again: true }],
    [AckPolicy.MANUAL, undefined, undefined],
  ];

  it('has a row for every policy', () => {
    expect(table.map(([policy]) => policy).toSorted()).toEqual(Object.values(AckPolicy).toSorted());
  });

  it.each(table)('%s: success %j, failure %j', (ackPolicy, onSuccess, onFailure) => {
    expect(decisionOfPolicy({ ackPolicy, rejectReasonCode }, SUCCESS)).toEqual(onSuccess);
    expect(decisionOfPolicy({ ackPolicy, rejectReasonCode }, failure)).toEqual(onFailure);
  });

  it.each<[string, unknown, string | undefined]>([
    ['an Error', new TypeError('no number'), 'no number'],
    ['a string', 'plainly wrong', 'plainly wrong'],
    ['the error object that Nest makes', { status: 'error', message: 'masked' }, 'masked'],
    ['an object without a message', { code: 7 }, '{"code":7}'],
    ['a message that is no string', { message: { deep: 1 } }, '{"message":{"deep":1}}'],
    ['nothing', undefined, undefined],
    ['null', null, undefined],
  ])('tells the broker why, where the failure is %s', (_, error, reasonString) => {
    const options = { ackPolicy: AckPolicy.REJECT_ON_ERROR, rejectReasonCode };
    expect(decisionOfPolicy(options, { failed: true, error })).toEqual({ ...rejected, reasonString });
  });
});

describe('decisionOfException', () => {
  it.each<[string, unknown, object | undefined]>([
    ['AckMessage', new AckMessage(), { kind: 'ack' }],
    ['NackMessage', new NackMessage('later'), { kind: 'nack', again: true }],
    ['RejectMessage', new RejectMessage('bad'), { kind: 'reject', reasonCode: rejectReasonCode, reasonString: 'bad' }],
    [
      'RejectMessage with a code',
      new RejectMessage('bad', 0x99),
      { kind: 'reject', reasonCode: 0x99, reasonString: 'bad' },
    ],
    ['RpcException', new RpcException('x'), undefined],
    ['Error', new Error('x'), undefined],
    ['what only looks like one', { name: 'AckMessage', message: 'x' }, undefined],
    ['undefined', undefined, undefined],
  ])('%s decides %j', (_, error, expected) => {
    expect(decisionOfException(error, rejectReasonCode)).toEqual(expected);
  });

  it.each([AckMessage, NackMessage, RejectMessage])(
    "%p is what Nest's filters pass on, and says what happened",
    (type) => {
      const exception = new type('because');
      expect(exception).toBeInstanceOf(RpcException);
      expect(exception.getError()).toBe(exception);
      expect(exception.message).toBe('because');
      expect(new type().message).toMatch(/^Message /);
    },
  );
});

describe('the reason that a broker is told', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 600, size: 'max' }),
    fc.string({ unit: fc.constantFrom('a', '😀', '\ud83d', '\0'), minLength: 250, maxLength: 400 }),
  );

  it('is always a UTF-8 string that fits into an acknowledgement, whatever was thrown', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const options = { ackPolicy: AckPolicy.REJECT_ON_ERROR, rejectReasonCode };
        const decisions = [
          decisionOfPolicy(options, { failed: true, error: new Error(text) }),
          decisionOfPolicy(options, { failed: true, error: text }),
          decisionOfException(new RejectMessage(text), rejectReasonCode),
        ];
        for (const decision of decisions) {
          const { reasonString = '' } = decision as { reasonString?: string };
          expect(utf8StringProblem(reasonString)).toBeUndefined();
          expect(reasonString.length).toBeLessThanOrEqual(256);
        }
      }),
      { numRuns: 500 },
    );
  });
});
