import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { MessageProperties } from '../../../../lib/protocol/application-message.js';
import type { DeadLetter } from '../../../../lib/protocol/dead-letter.js';
import { utf8StringProblem } from '../../../../lib/protocol/utf8-string.js';
import { letterOf } from '../../../../lib/server/dead-letters/give-up.js';

const payload = Buffer.from('x');

function letterWith(properties: MessageProperties | undefined, reason = 'broken'): DeadLetter {
  const packet = { topic: 'orders/7', payload, qos: 1 as const, retain: true, dup: true, messageId: 7, properties };
  const handler = { pattern: 'orders/{id}', filter: { group: 'billing' }, declaredAt: 'Orders.created()' };
  const givenUp = { message: { topic: 'orders/7', payload, packet }, handler, attempt: 3 };
  return letterOf(givenUp as never, { name: 'RangeError', message: reason });
}

describe('letterOf', () => {
  it('tells what came, who has failed, and why', () => {
    expect(letterWith(undefined)).toEqual({
      time: expect.any(Number),
      pattern: 'orders/{id}',
      group: 'billing',
      handler: 'Orders.created()',
      attempts: 3,
      reason: 'broken',
      error: 'RangeError',
      replays: 0,
      topic: 'orders/7',
      payload,
      qos: 1,
      properties: undefined,
    });
  });

  it('leaves out what belongs to the connection that the message came on', () => {
    const { properties } = letterWith({ topicAlias: 3, subscriptionIdentifier: [1, 2], contentType: 'a/b' });
    expect(properties).toEqual({ contentType: 'a/b' });
  });

  it('counts the replays to its topic that have brought it here', () => {
    const userProperties = { site: '7', 'nest-dead-letter-replays': '2' };
    expect(letterWith({ userProperties })).toMatchObject({ replays: 2, properties: { userProperties: { site: '7' } } });
    expect(letterWith({ userProperties: { 'nest-dead-letter-replays': 'x' } }).replays).toBe(0);
  });

  it('tells any reason as a UTF-8 string that is not too long', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', '😀', '\ud83d', '\0'), maxLength: 3_000, size: 'max' });
    fc.assert(
      fc.property(texts, (reason) => {
        const told = letterWith({}, reason).reason;
        expect(utf8StringProblem(told)).toBeUndefined();
        expect(told.length).toBeLessThanOrEqual(1_024);
      }),
    );
  });
});
